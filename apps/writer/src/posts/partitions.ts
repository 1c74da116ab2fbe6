import type { Router } from '@spillway/database';
import { uuidV7Time } from '@spillway/contracts';
import type { Events } from '../events.js';

const AHEAD_MONTHS = 3;
/** Each new month takes a handful of locks until its statement ends, of which there are not many. */
const MONTHS_AT_ONCE = 24;
const MONTH_MS = 31 * 24 * 3600 * 1000;

/**
 * Sees to it that the months of the posts at hand have partitions. The database makes them, under a
 * lock; a writer only remembers which months it has asked for.
 */
export class Partitions {
  private readonly known = new Map<string, Set<number>>();

  constructor(private readonly router: Router) {}

  /** Makes what is missing for these post ids. Times too far ahead get none: their commands are parked. */
  async ensure(shard: string, postIds: readonly string[], now: number): Promise<void> {
    const known = this.known.get(shard) ?? new Set<number>();
    this.known.set(shard, known);
    const months = new Set(
      postIds.map((id) => startOfMonth(uuidV7Time(id))).filter((m) => !known.has(m) && m < now + MONTH_MS),
    );
    if (months.size === 0) return;
    await this.router.onPrimary(shard, async (scope) => {
      const sorted = [...months].sort((a, b) => a - b);
      for (let at = 0; at < sorted.length; at += MONTHS_AT_ONCE) {
        const some = sorted.slice(at, at + MONTHS_AT_ONCE);
        await scope.query('SELECT ensure_partitions(month) FROM unnest($1::timestamptz[]) AS month', [
          some.map((month) => new Date(month).toISOString()),
        ]);
        some.forEach((month) => known.add(month));
      }
    });
  }

  /** Keeps partitions ready for the months to come. */
  async ensureAhead(shard: string, now: number): Promise<void> {
    await this.router.onPrimary(shard, async (scope) => {
      for (let m = 0; m <= AHEAD_MONTHS; m++) {
        await scope.query(
          `SELECT ensure_partitions(date_trunc('month', $1::timestamptz) + make_interval(months => $2))`,
          [new Date(now).toISOString(), m],
        );
      }
    });
  }

  /** Forgets what it knows of a shard, after the database said that a partition is missing. */
  forget(shard: string): void {
    this.known.delete(shard);
  }
}

function startOfMonth(unixMs: number): number {
  const date = new Date(unixMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

const AHEAD_EVERY_MS = 3600_000;
const AHEAD_RETRY_MS = 30_000;

/** Looks hourly, and sooner after a failure, that the coming months have partitions. Returns how to stop. */
export function keepPartitionsAhead(
  partitions: Partitions,
  shards: readonly string[],
  events: Events,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    let next = AHEAD_EVERY_MS;
    for (const shard of shards) {
      await partitions.ensureAhead(shard, Date.now()).catch((error: unknown) => {
        next = AHEAD_RETRY_MS;
        events.partitionsLate(shard, error);
      });
    }
    timer = setTimeout(() => void look(), next);
  };
  timer = setTimeout(() => void look(), AHEAD_RETRY_MS);
  return () => clearTimeout(timer);
}
