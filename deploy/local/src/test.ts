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
  const counts: Summary[] = [];
  try {
    await step('System packages', interrupt.signal, () => installMissing('stack', 'tests'));
    // Without the graph of projects the import table would be skipped, with nothing but a warning.
    await step('Project graph', interrupt.signal, () =>
      tool(layout, 'nx/dist/bin/nx.js', ['show', 'projects'], interrupt.signal),
    );
    await step('Lint', interrupt.signal, () => tool(layout, 'eslint/bin/eslint.js', ['.'], interrupt.signal));
    await step('Types', interrupt.signal, () =>
      tool(layout, 'typescript/bin/tsc', ['-p', 'tsconfig.spec.json'], interrupt.signal),
    );
    await step('Test stack', interrupt.signal, () => freshStack(layout));
    for (const { name, args } of runsOf(jestArguments)) {
      rmSync(SUMMARY, { force: true });
      await step(name, interrupt.signal, () => jest(layout, args, interrupt.signal)).finally(() =>
        counts.push(readSummary()),
      );
    }
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
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${ok ? failed : Math.max(1, failed)} failed`);
  return ok ? 0 : 1;
}

/** Specs that kill or stop parts of the stack, which the others count on. */
const DISTURBING = 'test/(load-real|e2e/(flood|trace))';

/** The Jest runs of a whole test: first what only looks, then alone what disturbs the stack. */
function runsOf(
  args: readonly string[],
): readonly { readonly name: string; readonly args: readonly string[] }[] {
  if (args.length > 0) return [{ name: 'Tests', args }];
  return [
    { name: 'Tests', args: ['--testPathIgnorePatterns', '/node_modules/', '/dist/', DISTURBING] },
    { name: 'Tests that disturb the stack', args: ['--runInBand', '--testPathPatterns', DISTURBING] },
  ];
}

interface Summary {
  readonly passed: number;
  readonly failed: number;
}

/** What the reporter of test/ left of the last run; a run that left nothing counts as failed. */
function readSummary(): Summary {
  const text = existsSync(SUMMARY) ? readFileSync(SUMMARY, 'utf8') : '';
  const [, passed = '0', failed = '1'] = /^(\d+) passed, (\d+) failed/.exec(text) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
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
