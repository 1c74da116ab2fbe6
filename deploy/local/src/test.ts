import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Layout, openLayout, REPO } from './layout.js';
import { installMissing } from './packages.js';
import { reset } from './reset.js';
import { run, say } from './shell.js';
import { start } from './start.js';
import { stopStack } from './stop.js';

const STACK = '.local/test';
const SUMMARY = join(REPO, '.local/test-summary.txt');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `npm test`: lint, types, then every test on a stack of its own, beside a running one. The last line on stdout is
 * `N passed, N failed`. The stack is stopped in every case, and a process that is left fails the run.
 * @param jestArguments passed on to Jest.
 * @returns the exit code.
 */
export async function test(jestArguments: readonly string[]): Promise<number> {
  rmSync(SUMMARY, { force: true });
  const layout = openLayout({ SPILLWAY_STACK_DIR: STACK });
  const interrupt = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => interrupt.abort(new Error('Interrupted')));
  let ok = true;
  try {
    await step('System packages', interrupt.signal, () => installMissing('stack', 'tests'));
    await step('Lint', interrupt.signal, () => tool(layout, 'eslint/bin/eslint.js', ['.'], interrupt.signal));
    await step('Types', interrupt.signal, () =>
      tool(layout, 'typescript/bin/tsc', ['-p', 'tsconfig.spec.json'], interrupt.signal),
    );
    await step('Test stack', interrupt.signal, () => freshStack(layout));
    await step('Tests', interrupt.signal, () => jest(layout, jestArguments, interrupt.signal));
  } catch (error) {
    ok = false;
    say(`\n${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    await step('Stopping the test stack', new AbortController().signal, () =>
      stopAndLookForLeftovers(layout),
    );
  } catch (error) {
    ok = false;
    say(`\n${error instanceof Error ? error.message : String(error)}`);
  }
  const summary = existsSync(SUMMARY) ? readFileSync(SUMMARY, 'utf8').trim() : '0 passed, 1 failed';
  console.log(!ok && /, 0 failed$/.test(summary) ? summary.replace(/0 failed$/, '1 failed') : summary);
  return ok ? 0 : 1;
}

async function step(name: string, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  signal.throwIfAborted();
  const began = Date.now();
  say(`── ${name}`);
  await work();
  signal.throwIfAborted();
  say(`── ${name}: done (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

const tool = (
  layout: Layout,
  script: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> =>
  run([layout.node, join(REPO, 'node_modules', script), ...args], { cwd: REPO, deadlineMs: 600_000, signal });

async function freshStack(layout: Layout): Promise<void> {
  await stopStack(layout);
  await reset(layout);
  const again = openLayout({ SPILLWAY_STACK_DIR: STACK });
  const code = await start(again, {
    detach: true,
    freePorts: true,
    gateways: 1,
    writers: 1,
    readers: 1,
    replicas: 1,
  });
  if (code !== 0) throw new Error('The test stack was interrupted.');
}

/** Jest in a process group of its own, so that Ctrl-C reaches it once, through us. */
function jest(layout: Layout, args: readonly string[], signal: AbortSignal): Promise<void> {
  const argv = [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
  ];
  const options = ['--config', 'jest.config.mjs', '--ci', '--detectOpenHandles=false', ...args];
  const env = { ...process.env, SPILLWAY_STACK: layout.path('stack.json') };
  return new Promise((resolve, reject) => {
    // stdout is for the summary alone.
    const child = spawn(layout.node, [...argv, ...options], {
      cwd: REPO,
      env,
      stdio: ['ignore', 2, 2],
      detached: true,
    });
    const end = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (code === 0) resolve();
      else
        reject(
          new Error(`Tests failed (exit code ${code}). The test stack's logs are in ${layout.path('log')}`),
        );
    });
  });
}

async function stopAndLookForLeftovers(layout: Layout): Promise<void> {
  const { leftovers } = await stopStack(layout);
  if (leftovers.length === 0) return;
  throw new Error(`Processes of the test stack were left after stopping it:\n${leftovers.join('\n')}`);
}
