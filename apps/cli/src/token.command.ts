import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { JWK } from 'jose';
import { ROLES, signToken, type Role } from '@spillway/auth';
import { loadConfig, text } from '@spillway/config';

const config = {
  keyFile: text('TOKEN_PRIVATE_KEY_FILE', {
    about: 'File with the private Ed25519 key (JWK) that signs local tokens',
  }),
  issuer: text('AUTH_ISSUER', { about: 'The iss claim of the tokens' }),
  audience: text('AUTH_AUDIENCE', { about: 'The aud claim of the tokens' }),
};

const TTL_MS = 12 * 3_600_000;
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(value: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  const factor = UNITS[unit];
  if (amount === undefined || factor === undefined)
    throw new InvalidArgumentError('must be a number with s, m, h or d, such as 12h');
  return Number(amount) * factor;
}

function roleList(value: string): Role[] {
  return value.split(',').map((name) => {
    const role = ROLES.find((known) => known === name.trim());
    if (role === undefined) throw new InvalidArgumentError(`must be of ${ROLES.join(', ')}, comma-separated`);
    return role;
  });
}

/** Prints a signed token for the local stack on stdout, and nothing else. */
export const tokenCommand = (): Command =>
  new Command('token')
    .description('print a signed token for the local stack')
    .requiredOption('--tenant <id>', 'the team')
    .requiredOption('--sub <id>', 'the author')
    .option('--roles <list>', `of ${ROLES.join(', ')}`, roleList, ['author'])
    .option('--ttl <duration>', 'how long it is valid, such as 30m or 7d (default: 12h)', durationMs)
    .action(
      async ({
        tenant,
        sub,
        roles,
        ttl = TTL_MS,
      }: {
        tenant: string;
        sub: string;
        roles: Role[];
        ttl?: number;
      }) => {
        const { keyFile, issuer, audience } = loadConfig(config);
        const key = JSON.parse(await readFile(keyFile, 'utf8')) as JWK;
        const claims = { iss: issuer, aud: audience, sub, tenant, roles, jti: crypto.randomUUID() };
        console.log(await signToken(key, claims, ttl));
      },
    );
