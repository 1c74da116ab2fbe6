import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { readStack, type Stack } from '@spillway/testing';

/** From `test/dist/faults` and from `test/faults` alike. */
export const REPO = resolve(
  import.meta.dirname,
  import.meta.dirname.includes('/dist/') ? '../../..' : '../..',
);
const DIR = '.local/faults';
export const REPORT_DIR = join(REPO, '.local', 'faults-report');

const SIZE = ['--gateways', '2', '--writers', '2', '--readers', '1', '--replicas', '1'] as const;

/** Starts a stack of its own, on ports of its own, with nothing in it. */
export async function startFaultStack(log: (line: string) => void, signal: AbortSignal): Promise<Stack> {
  await launcher(['stop'], log).catch(() => undefined);
  await launcher(['reset'], log).catch(() => undefined);
  signal.throwIfAborted();
  await launcher(['start', '--detach', '--free-ports', ...SIZE], log, signal);
  return readStack(join(REPO, DIR, 'stack.json'));
}

export const stopFaultStack = (log: (line: string) => void): Promise<void> => launcher(['stop'], log);

function launcher(args: readonly string[], log: (line: string) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, [join(REPO, 'deploy/local/dist/main.js'), ...args], {
      cwd: REPO,
      env: { ...process.env, SPILLWAY_STACK_DIR: DIR },
      // In a group of its own: Ctrl-C is for us, and we stop the stack ourselves.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    const hear = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-4_000);
      // Progress only: what it prints for people to paste holds a token.
      for (const line of chunk.toString().split('\n')) if (line.includes(': ready (')) log(line);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    // It stops what it has started and ends.
    signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolvePromise();
      else reject(new Error(`the launcher ended with ${code} at ${args.join(' ')}:\n${tail}`));
    });
  });
}
