import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** From `test/dist/stack` and from `test/stack` alike. */
export const REPO = resolve(
  import.meta.dirname,
  import.meta.dirname.includes('/dist/') ? '../../..' : '../..',
);

export interface LauncherCall {
  /** The stack's folder, relative to the repository. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Runs a command of the local launcher on the stack in `dir`. @throws Error with its last output when it fails. */
export function launcher({ dir, args, log, signal }: LauncherCall): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, [join(REPO, 'deploy/local/dist/main.js'), ...args], {
      cwd: REPO,
      env: { ...process.env, SPILLWAY_STACK_DIR: dir },
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
