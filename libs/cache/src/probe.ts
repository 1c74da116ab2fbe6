import type { Probe } from '@spillway/health';
import type { CacheConnection } from './cache-connection.js';

/** Redis is never required: everything works without it, only slower. */
export const cacheProbe = (cache: CacheConnection): Probe => ({
  name: 'redis',
  required: false,
  check: async () => {
    const answer = await cache.call((redis) => redis.ping());
    return answer.ok ? { up: true } : { up: false, detail: 'no answer within the deadline' };
  },
});
