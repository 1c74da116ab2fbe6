import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { eventually, freePort, type Stack } from '@spillway/testing';

/** A process of an app beside those of the stack, on ports of its own. */
export interface OwnProcess {
  readonly baseUrl: string;
  /** The value of one of its metrics, or undefined when it has none. */
  metric(name: string): Promise<number | undefined>;
  /** Asks it to stop, waits until it has, and answers its exit code. */
  stop(): Promise<number | null>;
}

/** Long, for a machine that does much else. */
const START_DEADLINE_MS = 60_000;
const REPO = resolve(import.meta.dirname, '../..');

/** Starts an app with the environment of the stack's first one, but for `changes`. Whoever starts it stops it. */
export async function startOwn(
  stack: Stack,
  app: 'gateway' | 'reader',
  changes: Readonly<Record<string, string>> = {},
): Promise<OwnProcess> {
  const httpPort = String(await freePort());
  const adminPort = String(await freePort());
  const child = spawn(
    process.execPath,
    [
      `--env-file=${join(stack.dir, `env/${app}-1.env`)}`,
      '--import',
      join(REPO, 'libs/telemetry/dist/register.js'),
      join(REPO, `apps/${app}/dist/main.js`),
    ],
    {
      cwd: REPO,
      stdio: 'ignore',
      env: {
        SERVICE_INSTANCE: `${app}-spec`,
        HTTP_PORT: httpPort,
        ADMIN_PORT: adminPort,
        ...changes,
      },
    },
  );
  const baseUrl = `http://127.0.0.1:${httpPort}`;
  try {
    await eventually(`${app} listens`, async () => (await fetch(`${baseUrl}/`)).status > 0, {
      deadlineMs: START_DEADLINE_MS,
    });
  } catch (error) {
    await stopped(child);
    throw error;
  }
  return {
    baseUrl,
    metric: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      const [, value] = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text) ?? [];
      return value === undefined ? undefined : Number(value);
    },
    stop: () => stopped(child),
  };
}

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exit) as [number | null];
  return code;
}
