import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** The environment a process of the stack was given. Holds secrets: never print it. */
export const readEnvFile = (stackDir: string, name: string): Readonly<Record<string, string | undefined>> =>
  parseEnv(readFileSync(join(stackDir, 'env', `${name}.env`), 'utf8'));
