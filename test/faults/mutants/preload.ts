import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { changeEnvironment } from '../environment.js';

const MUTANTS = import.meta.dirname;

/** Names of the files here that a process can preload. */
export type Mutant =
  | 'kill-around-commit'
  | 'ack-before-commit'
  | 'publish-without-mandatory'
  | 'buffer-while-disconnected'
  | 'key-only-in-redis'
  | 'channel-error'
  | 'clock-offset'
  | 'killer-command'
  | 'newer-writer';

/**
 * Makes the named processes preload mutants from their next start on, beside those they preload already.
 * @param variables what the mutants read, besides.
 * @returns a function that puts the env files back as they were.
 */
export function preload(
  stackDir: string,
  processes: readonly string[],
  mutants: readonly Mutant[],
  variables: Readonly<Record<string, string>> = {},
): () => void {
  const imports = mutants.map((name) => `--import=file://${encodeURI(join(MUTANTS, `${name}.js`))}`);
  return changeEnvironment(stackDir, processes, ({ NODE_OPTIONS }) => ({
    NODE_OPTIONS: [...(NODE_OPTIONS ? [NODE_OPTIONS] : []), ...imports].join(' '),
    ...variables,
  }));
}

/** An empty folder in which a fault leaves marks for mutants (SPILLWAY_FAULTS_DIR). */
export function freshMarks(stackDir: string): string {
  const dir = marksOf(stackDir);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  return dir;
}

export const marksOf = (stackDir: string): string => join(stackDir, 'run', 'fault-points');
