import { integer, parsed, type ConfigSpec } from '@spillway/config';
import { parseQuotas } from './quota-limits.js';

export const quotaConfig = {
  throttleTtlMs: integer('THROTTLE_TTL', 1_000, 86_400_000, {
    about: 'Milliseconds of a window in which posts and changes are counted',
    fallback: '60000',
  }),
  throttleLimit: integer('THROTTLE_LIMIT', 0, 1_000_000_000, {
    about: 'Posts and changes of one author in a window; more are refused with 429, 0 means no limit',
    fallback: '600',
  }),
  throttleTenantLimit: integer('THROTTLE_TENANT_LIMIT', 0, 1_000_000_000, {
    about: 'Posts and changes of one tenant in a window; more are refused with 429, 0 means no limit',
    fallback: '60000',
  }),
  quotas: parsed(
    'QUOTAS',
    { about: 'Limits of single tenants: tenant=limit/limit of each author[;…]', fallback: '' },
    parseQuotas,
  ),
} satisfies ConfigSpec;
