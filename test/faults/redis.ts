import { Redis } from 'ioredis';
import type { Stack } from '@spillway/testing';

/** Lends a connection to the stack's Redis. */
export async function withRedis<T>(stack: Stack, fn: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(stack.urlOf('redis'), { maxRetriesPerRequest: 3 });
  redis.on('error', () => undefined);
  try {
    return await fn(redis);
  } finally {
    redis.disconnect();
  }
}
