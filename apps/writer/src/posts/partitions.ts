import type { Router } from '@spillway/database';
import { uuidV7Time } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { observe } from '@spillway/telemetry';
import type { Events } from '../events.js';
import { repeat } from '../repeat.js';

const AHEAD_MONTHS = 3;
/** Each new month takes a handful of locks until its statement ends, of which there are not many. */
const MONTHS_AT_ONCE = 24;
const MONTH_MS = 31 * 24 * 3600 * 1000;

const AHEAD = `
  SELECT count(*)::int AS ahead FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'public.posts'::regclass AND right(c.relname, 6) > to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')`;

/**
 * Sees to it that the months of the posts at hand have partitions. The database makes them, under a
 * lock; a writer only remembers which months it has asked for.
 */
export class Partitions {
  /** How many months after this one have partitions, by shard, as last looked. */
  readonly ahead = new Map<string, number>();
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

  /** Counts the months after this one that have partitions of posts. */
  async look(shard: string): Promise<number> {
    const [row] = await this.router.onPrimary(shard, (scope) =>
      scope.query<{ readonly ahead: number }>(AHEAD),
    );
    const ahead = row?.ahead ?? 0;
    this.ahead.set(shard, ahead);
    return ahead;
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
const AHEAD_RETRY_MS = 5_000;
const FIRST_MS = 5_000;
/** With fewer months than this ahead somebody should look. */
const AHEAD_ALERT = 2;

/** Looks hourly, and sooner after a failure, that the coming months have partitions. Returns how to stop. */
export function keepPartitionsAhead(
  partitions: Partitions,
  shards: readonly string[],
  events: Events,
): () => void {
  const stopGauge = observe('partitions_ahead', () =>
    [...partitions.ahead].map(([shard, value]) => ({ value, labels: { shard } })),
  );
  const stop = repeat(FIRST_MS, async () => {
    let next = AHEAD_EVERY_MS;
    for (const shard of shards) {
      await partitions.ensureAhead(shard, processClock.now()).catch((error: unknown) => {
        next = AHEAD_RETRY_MS;
        events.partitionsLate(shard, error);
      });
      const ahead = await partitions.look(shard).catch(() => undefined);
      if (ahead === undefined) next = AHEAD_RETRY_MS;
      else if (ahead < AHEAD_ALERT) events.partitionsFew(shard, ahead);
    }
    return next;
  });
  return () => {
    stop();
    stopGauge();
  };
}
