import type { RevokedToken } from '@spillway/cache';
import type { RevokeToken } from '@spillway/contracts';
import type { Scope } from '@spillway/database';

interface KeyRow {
  readonly tenant_id: string;
  readonly jti: string;
}

/** Tells revoked tokens apart in maps and sets. */
export const tokenKey = (tenantId: string, jti: string): string => `${tenantId} ${jti}`;

const COUNT = `SELECT tenant_id, count(*)::int AS held FROM revoked_tokens GROUP BY tenant_id`;

/** How many each tenant has. */
export async function countTokens(scope: Scope): Promise<Map<string, number>> {
  const rows = await scope.query<{ readonly tenant_id: string; readonly held: number }>(COUNT);
  return new Map(rows.map(({ tenant_id: tenant, held }) => [tenant, held]));
}

const FIND = `
  SELECT r.tenant_id, r.jti FROM unnest($1::text[], $2::text[]) AS g(tenant_id, jti)
  JOIN revoked_tokens r ON r.tenant_id = g.tenant_id AND r.jti = g.jti`;

/** Which of these are there already. */
export async function findTokens(scope: Scope, tokens: readonly RevokeToken[]): Promise<ReadonlySet<string>> {
  const rows = await scope.query<KeyRow>(FIND, [
    tokens.map(({ tenantId }) => tenantId),
    tokens.map(({ jti }) => jti),
  ]);
  return new Set(rows.map((row) => tokenKey(row.tenant_id, row.jti)));
}

/** In the order of their keys, so that two writers cannot meet crosswise. */
const STORE = `
  INSERT INTO revoked_tokens (tenant_id, jti, exp, id, actor, via, why)
  SELECT tenant_id, jti, to_timestamp(exp), id, actor, via, why
  FROM unnest($1::text[], $2::text[], $3::float8[], $4::uuid[], $5::text[], $6::text[], $7::text[])
    AS g(tenant_id, jti, exp, id, actor, via, why)
  ORDER BY tenant_id COLLATE "C", jti COLLATE "C"
  ON CONFLICT (tenant_id, jti) DO UPDATE SET exp = excluded.exp WHERE revoked_tokens.exp < excluded.exp
  RETURNING tenant_id, jti`;

/** Stores tokens, each key at most once, and returns the keys of what is new or reaches further than before. */
export async function storeTokens(
  scope: Scope,
  commands: readonly RevokeToken[],
): Promise<ReadonlySet<string>> {
  if (commands.length === 0) return new Set();
  const rows = await scope.query<KeyRow>(STORE, [
    commands.map(({ tenantId }) => tenantId),
    commands.map(({ jti }) => jti),
    commands.map(({ exp }) => exp),
    commands.map(({ commandId }) => commandId),
    commands.map(({ actor }) => actor.sub),
    commands.map(({ via }) => via),
    commands.map(({ why }) => why),
  ]);
  return new Set(rows.map((row) => tokenKey(row.tenant_id, row.jti)));
}

const ALL = `
  SELECT tenant_id, jti, ceil(extract(epoch FROM exp))::bigint::text AS exp FROM revoked_tokens`;

/** All there are, those that have just expired too. */
export async function allTokens(scope: Scope): Promise<RevokedToken[]> {
  const rows = await scope.query<KeyRow & { readonly exp: string }>(ALL);
  return rows.map(({ tenant_id: tenantId, jti, exp }) => ({ tenantId, jti, exp: Number(exp) }));
}

/** Clocks differ, and verifiers forgive half a minute. */
const KEEP = '1 hour';
const PURGE = `DELETE FROM revoked_tokens WHERE exp < clock_timestamp() - $1::interval`;

/** Deletes what expired an hour ago. There are never many: a shard holds a bounded number. */
export async function purgeTokens(scope: Scope): Promise<void> {
  await scope.query(PURGE, [KEEP]);
}
