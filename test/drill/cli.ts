import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from '@spillway/testing';
import { REPO } from '../stack/launcher.js';

const run = promisify(execFile);
const MAIN = join(REPO, 'apps/cli/dist/main.js');
const TIMEOUT_MS = 180_000;

/**
 * Runs a command of an operator against the stack.
 * @returns what it printed.
 * @throws Error with what it printed, unless it exits 0.
 */
export async function cli(stack: Stack, args: readonly string[]): Promise<string> {
  const environment = `--env-file=${join(stack.dir, 'env', 'cli.env')}`;
  try {
    const { stdout } = await run(process.execPath, [environment, MAIN, ...args], { timeout: TIMEOUT_MS });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${args[0] ?? ''} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
