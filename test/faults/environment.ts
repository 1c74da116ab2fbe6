import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvFile } from './env-file.js';

/**
 * Gives the named processes other variables from their next start on. Values hold secrets: never print them.
 * @param change the variables that differ, from what a process has now.
 * @returns a function that puts the env files back as they were.
 */
export function changeEnvironment(
  stackDir: string,
  processes: readonly string[],
  change: (
    now: Readonly<Record<string, string | undefined>>,
    name: string,
  ) => Readonly<Record<string, string>>,
): () => void {
  const before = processes.map((name) => {
    const file = join(stackDir, 'env', `${name}.env`);
    return { name, file, text: readFileSync(file, 'utf8') };
  });
  for (const { name, file, text } of before) {
    const changes = Object.entries(change(readEnvFile(stackDir, name), name));
    const kept = text.split('\n').filter((line) => !changes.some(([key]) => line.startsWith(`${key}=`)));
    const added = changes.map(([key, value]) => `${key}='${value}'`);
    write(file, [...kept.filter((line) => line !== ''), ...added, ''].join('\n'));
  }
  return () => {
    for (const { file, text } of before) write(file, text);
  };
}

const write = (file: string, text: string): void => {
  writeFileSync(file, text, { mode: 0o600 });
};
