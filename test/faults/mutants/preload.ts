import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MUTANTS = import.meta.dirname;

/** Names of the files here that a process can preload. */
export type Mutant = 'kill-around-commit' | 'ack-before-commit';

/**
 * Makes the named processes preload mutants from their next start on, through their env file.
 * @returns a function that puts the env files back as they were.
 */
export function preload(
  stackDir: string,
  processes: readonly string[],
  mutants: readonly Mutant[],
  faultsDir: string,
): () => void {
  const imports = mutants
    .map((name) => `--import=file://${encodeURI(join(MUTANTS, `${name}.js`))}`)
    .join(' ');
  const files = processes.map((name) => join(stackDir, 'env', `${name}.env`));
  const before = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  for (const { file, text } of before) {
    const added = `NODE_OPTIONS='${imports}'\nSPILLWAY_FAULTS_DIR='${faultsDir}'\n`;
    writeFileSync(file, `${text.trimEnd()}\n${added}`, { mode: 0o600 });
  }
  return () => {
    for (const { file, text } of before) writeFileSync(file, text, { mode: 0o600 });
  };
}
