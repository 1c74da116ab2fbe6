import { url, type ConfigSpec } from '@spillway/config';

/** Every process that uses Redis. */
export const cacheConfig = {
  redisUrl: url('REDIS_URL', ['redis', 'rediss'], { about: 'Address of Redis' }),
} satisfies ConfigSpec;
