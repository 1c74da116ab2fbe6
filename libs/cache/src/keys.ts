/**
 * Names of everything kept in Redis. What belongs to a tenant has the tenant in its key, so tenants never mix.
 * Tenants and authors may hold colons but no bar, so where both stand side by side a bar parts them.
 */
export const resultKey = (tenantId: string, commandId: string): string =>
  `spillway:result:${tenantId}:${commandId}`;
export const writerKey = (shard: string): string => `spillway:writer:${shard}`;
export const idempotencyKeyOf = (tenantId: string, authorId: string, keyHash: string): string =>
  `spillway:key:${tenantId}|${authorId}|${keyHash}`;
/** Where the commands of a shard that ended are named. */
export const newsChannel = (shard: string): string => `spillway:ended:${shard}`;
export const quotaKey = (subject: readonly string[], window: number): string =>
  `spillway:quota:${subject.join('|')}|${window}`;
/** The revoked tokens of a shard, all in one key, so that they are there together or not at all. */
export const revokedKey = (shard: string): string => `spillway:revoked:${shard}`;
export const QUOTA_GATEWAYS_KEY = 'spillway:gateways';
/** Everything committed for a tenant, as positions by channel. */
export const generationKey = (tenantId: string): string => `spillway:generation:${tenantId}`;
/** A cached page. As JSON no part can pass for two, whatever characters it holds. */
export const pageKey = (view: string, tenantId: string, params: readonly string[]): string =>
  `spillway:page:${JSON.stringify([view, tenantId, ...params])}`;
/** What each run of a gateway had confirmed for a shard. */
export const acceptedKey = (shard: string): string => `spillway:accepted:${shard}`;
/** The ledger of a shard, as a writer last saw it. */
export const ledgerKey = (shard: string): string => `spillway:ledger:${shard}`;
