import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** How a command of the cli ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const REPO = resolve(import.meta.dirname, '../..');
const STDERR_KEPT = 8_000;

/** Runs a command of the cli in a process of its own, with the environment of a stack. */
export function runCli(stackDir: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done, reject) => {
    const main = join(REPO, 'apps/cli/dist/main.js');
    const env = `--env-file=${join(stackDir, 'env/cli.env')}`;
    const child = spawn(process.execPath, [env, main, ...args], {
      cwd: REPO,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT)));
    child.on('error', reject);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}
