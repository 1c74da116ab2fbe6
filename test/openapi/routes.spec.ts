import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { freePort, readStack } from '@spillway/testing';
import { readDocument, ROOT } from './document.js';

/** What a process really registers, wired as in operation and on the services of the test stack. */
async function routesOf(app: 'gateway' | 'reader'): Promise<readonly string[]> {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      `--env-file=${join(readStack().dir, 'env', `${app}-1.env`)}`,
      '--import',
      join(import.meta.dirname, 'print-routes.ts'),
      join(ROOT, `apps/${app}/dist/main.js`),
    ],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: {
        ...process.env,
        ...{ HTTP_PORT: String(await freePort()), ADMIN_PORT: String(await freePort()) },
        SERVICE_INSTANCE: `${app}-routes`,
      },
    },
  );
  const line = /^ROUTES (.*)$/m.exec(stdout)?.[1];
  if (status !== 0 || line === undefined) throw new Error(`the ${app} told no routes: ${stdout}${stderr}`);
  const routes = JSON.parse(line) as readonly string[];
  return routes
    .map((route) => route.replace(/:(\w+)/g, '{$1}'))
    .filter(
      (route) =>
        !(
          route.startsWith('HEAD ') &&
          routes.includes(route.replace('HEAD', 'GET').replace(/\{(\w+)\}/g, ':$1'))
        ),
    );
}

describe('the routes of the running services', () => {
  it('are those of docs/openapi.json, no more and no fewer', async () => {
    const registered = [...(await routesOf('gateway')), ...(await routesOf('reader'))].sort();
    const described = Object.entries(readDocument().paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(registered).toEqual(described.sort());
  }, 150_000);
});
