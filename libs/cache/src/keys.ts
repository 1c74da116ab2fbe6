/** Names of everything kept in Redis. The tenant comes first in every key, so tenants never mix. */
export const resultKey = (tenantId: string, commandId: string): string =>
  `spillway:result:${tenantId}:${commandId}`;
