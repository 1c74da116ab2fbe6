import type { CacheConnection } from './cache-connection.js';
import { quotaKey } from './keys.js';

export interface LeaseRequest {
  /** What is counted: a tenant, or a tenant and an author. */
  readonly subject: readonly [string, ...string[]];
  /** Number of the window; each has a counter of its own. */
  readonly window: number;
  /** What may be leased in the window, by all gateways together. */
  readonly pool: number;
  /** The least that is of use. */
  readonly need: number;
  /** One lease takes at most this part of what is left, or `need` when that is more: 8 is an eighth. */
  readonly part: number;
  /** Who asks: one count in one process. */
  readonly source: string;
  /** What it has of the pool, spent or not, by its own books; they count. */
  readonly held: number;
  /** How long the counter is of interest, from now on. */
  readonly keepMs: number;
}

export interface Lease {
  readonly granted: number;
  /** Not leased to anybody yet. */
  readonly left: number;
}

const TAKE = `
redis.call('HSET', KEYS[1], ARGV[5], ARGV[4])
local left = tonumber(ARGV[1])
for _, held in ipairs(redis.call('HVALS', KEYS[1])) do left = left - tonumber(held) end
local grant = 0
if left > 0 then
  grant = math.min(left, math.max(tonumber(ARGV[2]), math.ceil(left / tonumber(ARGV[3]))))
  redis.call('HINCRBY', KEYS[1], ARGV[5], grant)
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {grant, math.max(0, left - grant)}`;

/**
 * Slices of an allowance that several gateways share. A slice is a part of what is left, so the first are
 * large and the last are single posts: few round trips, and next to nothing stranded at a gateway that
 * does not need it. Who asks says what it has altogether, so that asking twice counts once, and an answer
 * that came too late is made good by the next request.
 */
export class QuotaLeases {
  constructor(private readonly cache: CacheConnection) {}

  /** Takes a slice; undefined when Redis does not answer. */
  async take(request: LeaseRequest): Promise<Lease | undefined> {
    const { subject, window, pool, need, part, source, held, keepMs } = request;
    const answer = await this.cache.call((redis) =>
      redis.eval(TAKE, 1, quotaKey(subject, window), pool, need, part, held, source, Math.ceil(keepMs)),
    );
    if (!answer.ok) return undefined;
    const [granted = 0, left = 0] = answer.value as number[];
    return { granted, left };
  }
}
