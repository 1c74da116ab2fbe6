import { QuotaLeases, type CacheConnection, type QuotaGateways } from '@spillway/cache';
import type { ConfigOf } from '@spillway/config';
import type { quotaConfig } from './config.js';
import { Quota } from './quota.js';

/** The quotas as configured. */
export const openQuota = (
  config: ConfigOf<typeof quotaConfig>,
  cache: CacheConnection,
  gateways: QuotaGateways,
): Quota =>
  new Quota({
    leases: new QuotaLeases(cache),
    gateways,
    ttlMs: config.throttleTtlMs,
    defaults: { tenant: config.throttleTenantLimit, author: config.throttleLimit },
    overrides: config.quotas,
  });
