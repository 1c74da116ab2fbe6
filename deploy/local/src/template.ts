import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from './layout.js';

/**
 * Fills the `${NAME}` places of a file below `deploy/`. What the file writes otherwise, `$name` included, stays.
 * @throws Error when a place has no value, or a value has no place: the two lists must be equal.
 */
export function fillTemplate(file: string, values: Readonly<Record<string, string | number>>): string {
  const used = new Set<string>();
  const text = readFileSync(join(REPO, 'deploy', file), 'utf8').replace(
    /\$\{([A-Z_]+)\}/g,
    (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`deploy/${file} has a place ${name} that nothing fills`);
      used.add(name);
      return String(value);
    },
  );
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`deploy/${file} has no place for ${unused.join(', ')}`);
  return text;
}
