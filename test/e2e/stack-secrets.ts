import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '@spillway/testing';

/** What must never be shown, by a name that may be. */
export type Secrets = ReadonlyMap<string, string>;

interface SecretsFile {
  readonly passwords: Readonly<Record<string, string>>;
  readonly signingKeys: string;
}

/** Every secret that the launcher has made for the stack. */
export function secretsOf({ dir }: Stack): Secrets {
  const file = JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')) as SecretsFile;
  const key = JSON.parse(readFileSync(join(dir, 'keys', 'private.jwk'), 'utf8')) as { d: string };
  const signing = file.signingKeys.split(',').map((one) => one.slice(one.indexOf(':') + 1));
  return new Map([
    ...Object.entries(file.passwords).map(([name, value]): [string, string] => [
      `password of ${name}`,
      value,
    ]),
    ...signing.flatMap((value, n): [string, string][] => [
      [`signing key ${n}`, value],
      [`signing key ${n}, as in addresses`, encodeURIComponent(value)],
      [`signing key ${n}, as in tokens`, Buffer.from(value, 'base64').toString('base64url')],
    ]),
    ['private key of tokens', key.d],
  ]);
}
