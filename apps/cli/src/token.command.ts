import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { JWK } from 'jose';
import { ROLES, signToken, type Role } from '@spillway/auth';
import { loadConfig, parsed, text } from '@spillway/config';
import { PRINCIPAL_ID } from '@spillway/contracts';
import { SHARD_MAP, ShardDirectory } from '@spillway/contracts/server';
import { shardNodes } from '@spillway/database';
import { brokerConfig } from '@spillway/messaging';
import { withPrimaries, withPublisher } from './connections.js';
import { defaultWho, who, why } from './for-the-record.js';
import { revokeToken, type Revoked } from './token/revoke-token.js';

const signConfig = {
  keyFile: text('TOKEN_PRIVATE_KEY_FILE', {
    about: 'File with the private Ed25519 key (JWK) that signs local tokens',
  }),
  issuer: text('AUTH_ISSUER', { about: 'The iss claim of the tokens' }),
  audience: text('AUTH_AUDIENCE', { about: 'The aud claim of the tokens' }),
};
const revokeConfig = {
  nodes: shardNodes('OPERATOR_NODES', 'Every Postgres node with the role operator: shard=url|url;shard=url'),
  ...brokerConfig,
  directory: parsed(SHARD_MAP.name, SHARD_MAP, (value) => ShardDirectory.parse(value)),
};

const TTL_MS = 12 * 3_600_000;
const WAIT_MS = 30_000;
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

function principal(value: string): string {
  if (!PRINCIPAL_ID.test(value)) throw new InvalidArgumentError('must be 1 to 64 of A-Z a-z 0-9 _ . : @ -');
  return value;
}

interface Options {
  readonly tenant: string;
  readonly sub?: string;
  readonly roles: readonly Role[];
  readonly ttl?: number;
  readonly revoke?: string;
  readonly why: string;
  readonly who: string;
}

/** Prints a signed token for the local stack on stdout, and nothing else; or has one refused from now on. */
export const tokenCommand = (): Command =>
  new Command('token')
    .description('print a signed token for the local stack, or revoke one')
    .requiredOption('--tenant <id>', 'the team', principal)
    .option('--sub <id>', 'the author', principal)
    .option('--roles <list>', `of ${ROLES.join(', ')}`, roleList, ['author'])
    .option(
      '--ttl <duration>',
      'how long it is valid, such as 30m or 7d (default: 12h); with --revoke how long it still is (default: ten years)',
      durationMs,
    )
    .option('--revoke <jti>', 'refuse the token with this jti instead', principal)
    .option('--why <text>', 'with --revoke: the reason, for the record', why, 'revoked on the command line')
    .option('--who <name>', 'with --revoke: who decides it, for the record', who, defaultWho())
    .action(async (options: Options, command: Command) => {
      if (options.revoke !== undefined) await revoke(options.revoke, options);
      else if (options.sub === undefined) command.error("error: required option '--sub <id>' not specified");
      else await sign(options.sub, options);
    });

async function sign(sub: string, { tenant, roles, ttl = TTL_MS }: Options): Promise<void> {
  const { keyFile, issuer, audience } = loadConfig(signConfig);
  const key = JSON.parse(await readFile(keyFile, 'utf8')) as JWK;
  const claims = { iss: issuer, aud: audience, sub, tenant, roles, jti: crypto.randomUUID() };
  console.log(await signToken(key, claims, ttl));
}

async function revoke(jti: string, { tenant, ttl, who, why }: Options): Promise<void> {
  const { nodes, amqpUrls, directory } = loadConfig(revokeConfig);
  const exp = ttl === undefined ? {} : { exp: Math.ceil((Date.now() + ttl) / 1_000) };
  const shard = directory.shardOf(tenant);
  const request = { shard, tenant, jti, ...exp, who, why, waitMs: WAIT_MS };
  const revoked = await withPrimaries('token', nodes, (router) =>
    withPublisher('token', amqpUrls, (publisher) => revokeToken(router, publisher, request)),
  );
  if (revoked.state === 'waiting') throw new Error(waitingText(jti, tenant));
  console.log(revokedText(jti, tenant, revoked));
}

const revokedText = (
  jti: string,
  tenant: string,
  { state, until, who }: Exclude<Revoked, { state: 'waiting' }>,
): string =>
  [
    `The token ${jti} of tenant ${tenant} ${state === 'known' ? `had been revoked before, by ${who}` : 'is revoked'}.`,
    `Every gateway and reader that reaches Redis refuses it within 2 s, until ${until.toISOString()}.`,
  ].join('\n');

const waitingText = (jti: string, tenant: string): string =>
  `The token ${jti} of tenant ${tenant} is NOT known to be revoked yet: the broker has the command, but no writer ` +
  `has carried it out in ${WAIT_MS / 1_000} s. Is a writer running, and is the queue long? The tenant may also have ` +
  'as many revoked tokens as there may be. Run the same again to see: it does no harm.';
