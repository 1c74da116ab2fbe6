import type { CacheConnection } from './cache-connection.js';
import { QUOTA_GATEWAYS_KEY } from './keys.js';

const BEAT_EVERY_MS = 2_000;
const GONE_AFTER_MS = 10_000;

/** The time is Redis' own, so that gateways with different clocks see the same. */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** How many gateways share the quotas. While Redis is away the last count holds; before the first, one. */
export class QuotaGateways {
  private seen = 1;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly cache: CacheConnection,
    private readonly instance: string,
  ) {}

  get count(): number {
    return this.seen;
  }

  /** Says once that this gateway is there, and counts those that are. */
  async beat(): Promise<void> {
    const answer = await this.cache.call((redis) =>
      redis.eval(BEAT, 1, QUOTA_GATEWAYS_KEY, this.instance, GONE_AFTER_MS),
    );
    if (answer.ok) this.seen = Math.max(1, Number(answer.value));
  }

  start(): void {
    void this.beat();
    this.timer = setInterval(() => void this.beat(), BEAT_EVERY_MS);
  }

  /** Leaves its part to the others. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.cache.call((redis) => redis.zrem(QUOTA_GATEWAYS_KEY, this.instance));
  }
}
