import { processClock } from '@spillway/contracts/server';
import type { CacheConnection } from './cache-connection.js';

/** An answer that took longer says too little about when it was given. */
const ROUND_TRIP_MAX_MS = 1_000;

/**
 * Milliseconds by which this process' clock is ahead of Redis', or undefined without Redis. Ids carry
 * the time, so a gateway whose clock is wrong must know it.
 */
export async function clockOffsetMs(
  cache: CacheConnection,
  now: () => number = () => processClock.now(),
): Promise<number | undefined> {
  const before = now();
  const answer = await cache.callPatiently((redis) => redis.time());
  const after = now();
  if (!answer.ok || after - before > ROUND_TRIP_MAX_MS) return undefined;
  const [seconds, micros] = answer.value;
  return Math.round((before + after) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000));
}
