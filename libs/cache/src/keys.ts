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
export const QUOTA_GATEWAYS_KEY = 'spillway:gateways';
