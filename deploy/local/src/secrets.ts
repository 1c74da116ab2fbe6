import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Layout } from './layout.js';

const PASSWORDS = [
  ...['postgres', 'migrator', 'writer', 'reader', 'monitor', 'operator', 'replicator', 'redis', 'erlang'],
  ...['amqpAdmin', 'amqpTopology', 'amqpGateway', 'amqpWriter', 'amqpOperator', 'amqpMonitor'],
] as const;
export type PasswordName = (typeof PASSWORDS)[number];

export interface Secrets {
  readonly passwords: Readonly<Record<PasswordName, string>>;
  /** `id:base64` of 32 bytes: signs tickets, consistency tokens and cursors. */
  readonly signingKeys: string;
}

/** The secrets of this stack, made once and kept (mode 0600); a name that is new since then is added. */
export function openSecrets(layout: Layout): Secrets {
  const file = layout.path('secrets.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>) : {};
  const passwords = Object.fromEntries(
    PASSWORDS.map((name) => [name, kept.passwords?.[name] ?? randomBytes(24).toString('base64url')]),
  ) as Record<PasswordName, string>;
  const secrets = { passwords, signingKeys: kept.signingKeys ?? `a:${randomBytes(32).toString('base64')}` };
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  if (!existsSync(layout.path('keys', 'jwks.json'))) makeKeyPair(layout);
  return secrets;
}

/** The pair that signs local tokens: the private half for the cli alone, the public half for the services. */
function makeKeyPair(layout: Layout): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const about = { kid: `local-${randomBytes(4).toString('hex')}`, alg: 'EdDSA', use: 'sig' };
  const write = (name: string, value: unknown): void =>
    writeFileSync(layout.path('keys', name), JSON.stringify(value, null, 2), { mode: 0o600 });
  write('private.jwk', { ...privateKey.export({ format: 'jwk' }), ...about });
  write('jwks.json', { keys: [{ ...publicKey.export({ format: 'jwk' }), ...about }] });
}

/** RabbitMQ's `rabbit_password_hashing_sha256`; the salt comes from the password, so that the file stays the same. */
export function rabbitHash(password: string): string {
  const salt = createHash('sha256').update(`salt ${password}`).digest().subarray(0, 4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString(
    'base64',
  );
}
