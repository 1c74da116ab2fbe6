import type { CacheConnection } from './cache-connection.js';

/**
 * Milliseconds by which this process' clock is ahead of Redis', or undefined without Redis. Ids carry
 * the time, so a gateway whose clock is wrong must know it.
 */
export async function clockOffsetMs(cache: CacheConnection): Promise<number | undefined> {
  const before = Date.now();
  const answer = await cache.call((redis) => redis.time());
  if (!answer.ok) return undefined;
  const [seconds, micros] = answer.value;
  return Math.round((before + Date.now()) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000));
}
