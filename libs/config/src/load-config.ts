import { ConfigError } from './config-error.js';
import type { Field } from './field.js';

export type ConfigSpec = Readonly<Record<string, Field<unknown>>>;
export type ConfigOf<S extends ConfigSpec> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

/**
 * Reads a whole configuration from the environment.
 * @throws ConfigError listing every missing or malformed variable at once; values are never in it.
 */
export function loadConfig<S extends ConfigSpec>(spec: S, env: NodeJS.ProcessEnv = process.env): ConfigOf<S> {
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const [key, field] of Object.entries(spec)) {
    const given = env[field.name] ?? field.fallback;
    if (given === undefined) {
      mistakes.push(`${field.name} is missing: ${field.about}`);
      continue;
    }
    try {
      values[key] = field.parse(given);
    } catch (error) {
      mistakes.push(`${field.name} ${error instanceof Error ? error.message : 'is malformed'}`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return Object.freeze(values) as ConfigOf<S>;
}
