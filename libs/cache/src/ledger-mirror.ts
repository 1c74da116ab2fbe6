import type { LedgerFigures } from '@spillway/contracts/server';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { acceptedKey, ledgerKey } from './keys.js';

const KEEP_SECONDS = 7 * 24 * 3600;

/** What one run of a gateway says of a shard. */
export interface ToldAccepted {
  /** Commands it has had confirmed since it started. */
  readonly accepted: number;
  /** Of those, what it could tell only long after they were sent. */
  readonly late: number;
}

/**
 * Where gateways and writers tell one another of the ledger: gateways what they had confirmed, writers the
 * whole as the database has it. Losing it loses time: both tell again, and writers keep what they were told.
 */
export class LedgerMirror {
  constructor(private readonly cache: CacheConnection) {}

  /** @param source one run of one gateway. @returns whether Redis has it. */
  async putAccepted(shard: string, source: string, { accepted, late }: ToldAccepted): Promise<boolean> {
    const answer = await this.cache.call(async (redis) => {
      await redis.hset(acceptedKey(shard), source, late === 0 ? `${accepted}` : `${accepted} ${late}`);
      await redis.expire(acceptedKey(shard), KEEP_SECONDS);
    });
    return answer.ok;
  }

  /** What each run of a gateway had confirmed. */
  async accepted(shard: string): Promise<CacheAnswer<ReadonlyMap<string, ToldAccepted>>> {
    const answer = await this.cache.call((redis) => redis.hgetall(acceptedKey(shard)));
    if (!answer.ok) return answer;
    const told = Object.entries(answer.value).map(([source, text]) => {
      const [accepted = NaN, late = 0] = text.split(' ').map(Number);
      return [source, { accepted, late }] as const;
    });
    const whole = told.filter(([, counts]) => Object.values(counts).every(Number.isSafeInteger));
    return { ok: true, value: new Map(whole) };
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
    if (!NAMES.every((name) => Number.isFinite(figures[name]))) return undefined;
    // Writers of the previous version tell none.
    return { ...figures, surplus: Number.isFinite(figures.surplus) ? figures.surplus : 0 };
  } catch {
    return undefined;
  }
}
