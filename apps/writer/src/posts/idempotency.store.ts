import type { CreatePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';

/** Who holds a key: the command that used it first, and the hash of its body. */
export interface KeyHolder {
  readonly commandId: string;
  readonly bodyHash: string;
}

const CLAIM_KEYS = `
  INSERT INTO idempotency (tenant_id, author_id, key_hash, body_hash, command_id)
  SELECT tenant_id, author_id, decode(key_hash, 'hex'), decode(body_hash, 'hex'), command_id
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
    AS g(tenant_id, author_id, key_hash, body_hash, command_id)
  ORDER BY tenant_id COLLATE "C", author_id COLLATE "C", key_hash COLLATE "C"
  ON CONFLICT DO NOTHING`;

/** A statement of its own: its snapshot sees the keys that concurrent writers claimed meanwhile. */
const FIND_KEYS = `
  SELECT i.tenant_id, i.author_id, encode(i.key_hash, 'hex') AS key_hash, encode(i.body_hash, 'hex') AS body_hash, i.command_id
  FROM unnest($1::text[], $2::text[], $3::text[]) AS g(tenant_id, author_id, key_hash)
  JOIN idempotency i
    ON i.tenant_id = g.tenant_id AND i.author_id = g.author_id AND i.key_hash = decode(g.key_hash, 'hex')`;

export const idempotencyKey = (tenantId: string, authorId: string, keyHash: string): string =>
  `${tenantId} ${authorId} ${keyHash}`;

/**
 * Binds the commands' idempotency keys to them, the first one winning, and returns who holds each key.
 * The key is unique in the transaction that stores the post, so nothing else has to be trusted.
 */
export async function claimKeys(
  scope: Scope,
  commands: readonly CreatePost[],
): Promise<ReadonlyMap<string, KeyHolder>> {
  const keyed = commands.flatMap((command) =>
    command.idempotency ? [{ command, ...command.idempotency }] : [],
  );
  if (keyed.length === 0) return new Map();
  const tenants = keyed.map(({ command }) => command.tenantId);
  const authors = keyed.map(({ command }) => command.actor.sub);
  const hashes = keyed.map(({ keyHash }) => keyHash);
  await scope.query(CLAIM_KEYS, [
    tenants,
    authors,
    hashes,
    keyed.map(({ bodyHash }) => bodyHash),
    keyed.map(({ command }) => command.commandId),
  ]);
  const rows = await scope.query<{
    readonly tenant_id: string;
    readonly author_id: string;
    readonly key_hash: string;
    readonly body_hash: string;
    readonly command_id: string;
  }>(FIND_KEYS, [tenants, authors, hashes]);
  return new Map(
    rows.map((row) => [
      idempotencyKey(row.tenant_id, row.author_id, row.key_hash),
      { commandId: row.command_id, bodyHash: row.body_hash },
    ]),
  );
}
