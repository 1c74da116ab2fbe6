import type { LedgerFigures } from '@spillway/contracts/server';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { acceptedKey, ledgerKey } from './keys.js';

const KEEP_SECONDS = 7 * 24 * 3600;

/**
 * Where gateways and writers tell one another of the ledger: gateways what they had confirmed, writers the
 * whole as the database has it. Losing it loses time: both tell again, and writers keep what they were told.
 */
export class LedgerMirror {
  constructor(private readonly cache: CacheConnection) {}

  /** @param source one run of one gateway. @param accepted commands it had confirmed since it started. */
  async putAccepted(shard: string, source: string, accepted: number): Promise<boolean> {
    const answer = await this.cache.call(async (redis) => {
      await redis.hset(acceptedKey(shard), source, accepted);
      await redis.expire(acceptedKey(shard), KEEP_SECONDS);
    });
    return answer.ok;
  }

  /** What each run of a gateway had confirmed. */
  async accepted(shard: string): Promise<CacheAnswer<ReadonlyMap<string, number>>> {
    const answer = await this.cache.call((redis) => redis.hgetall(acceptedKey(shard)));
    if (!answer.ok) return answer;
    const counts = Object.entries(answer.value).map(([source, count]) => [source, Number(count)] as const);
    return { ok: true, value: new Map(counts.filter(([, count]) => Number.isSafeInteger(count))) };
  }

  async putFigures(shard: string, figures: LedgerFigures): Promise<void> {
    await this.cache.call((redis) =>
      redis.set(ledgerKey(shard), JSON.stringify(figures), 'EX', KEEP_SECONDS),
    );
  }

  /** The ledger as a writer last saw it, or undefined when it is not known here. */
  async figures(shard: string): Promise<LedgerFigures | undefined> {
    const answer = await this.cache.call((redis) => redis.get(ledgerKey(shard)));
    return answer.ok && answer.value !== null ? read(answer.value) : undefined;
  }
}

const NAMES = ['at', 'accepted', 'committed', 'duplicate', 'superseded', 'failed', 'parked'] as const;

function read(text: string): LedgerFigures | undefined {
  try {
    const figures = JSON.parse(text) as LedgerFigures;
    return NAMES.every((name) => Number.isFinite(figures[name])) ? figures : undefined;
  } catch {
    return undefined;
  }
}
