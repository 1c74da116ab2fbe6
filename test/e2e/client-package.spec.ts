import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mintToken, readStack } from '@spillway/testing';
import { freshTenant } from './api.js';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const BASE_URL = 'http://localhost:3000';

let folder: string;
let example: string;

/** The packages as they would be published, installed in a folder that knows nothing of this repository. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-client-'));
  const packages = ['./libs/contracts', './libs/client'];
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...packages];
  const { stdout } = await run('npm', pack, { cwd: root });
  const files = (JSON.parse(stdout) as { filename: string }[]).map(({ filename }) => join(folder, filename));
  const app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{"type":"module","private":true}');
  const quiet = [
    '--offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--cache',
    join(folder, 'cache'),
  ];
  await run('npm', ['install', ...files, ...quiet], { cwd: app });
  const readme = await readFile(join(root, 'libs/client/README.md'), 'utf8');
  example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  expect(example).toContain(BASE_URL);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the published client', () => {
  it('runs the example of its page against a stack', async () => {
    const stack = readStack();
    const token = await mintToken(stack.dir, { tenant: freshTenant(), sub: 'alice' });
    const file = join(folder, 'app', 'example.js');
    await writeFile(
      file,
      `const currentToken = () => process.env.TOKEN;\n${example.replace(BASE_URL, stack.baseUrl)}`,
    );
    const { stdout, stderr } = await run(process.execPath, [file], { env: { TOKEN: token } });
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('completed hello');
    expect(lines.slice(1)).toHaveLength(3);
  });

  it('has types that need a browser and no Node', async () => {
    const app = join(folder, 'app');
    await writeFile(join(app, 'example.ts'), `declare const currentToken: () => string;\n${example}`);
    const platform = { target: 'es2022', lib: ['es2022', 'dom'], types: [], module: 'esnext' };
    const compilerOptions = { ...platform, moduleResolution: 'bundler', strict: true, noEmit: true };
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['example.ts'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const mistakes = await run(process.execPath, [tsc, '-p', app]).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(mistakes).toBe('');
  }, 60_000);

  it('imports nothing of Node, and holds neither sources nor specs', async () => {
    const modules = join(folder, 'app', 'node_modules', '@spillway');
    const imported = new Map<string, string>();
    const follow = async (path: string): Promise<void> => {
      if (imported.has(path)) return;
      const text = await readFile(path, 'utf8');
      imported.set(path, text);
      for (const [, from = ''] of text.matchAll(/(?:from|import) ?\(?'([^']+)'/g)) {
        if (from === '@spillway/contracts') await follow(join(modules, 'contracts/dist/index.js'));
        else if (from.startsWith('.')) await follow(resolve(path, '..', from));
        else throw new Error(`${path} imports ${from}`);
      }
    };
    await follow(join(modules, 'client/dist/index.js'));
    expect(imported.size).toBeGreaterThan(10);
    for (const text of imported.values()) expect(text).not.toMatch(/\b(?:process|Buffer)\b\./);
    for (const name of ['client', 'contracts']) {
      const files = await readdir(join(modules, name), { recursive: true });
      expect(files).toContain('LICENSE');
      expect(files.filter((file) => /src|spec|tsbuildinfo|\.map$/.test(file))).toEqual([]);
    }
  });
});
