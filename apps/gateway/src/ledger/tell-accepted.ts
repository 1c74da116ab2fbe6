import { randomBytes } from 'node:crypto';
import type { LedgerMirror, ToldAccepted } from '@spillway/cache';
import { shardOfQueue, type Publisher } from '@spillway/messaging';

const EVERY_MS = 1_000;
/** Told again after this, in case that Redis has lost it. */
const AGAIN_MS = 10_000;
/** What was sent longer ago than this when it is told is told as late. */
const LATE_MS = 5_000;

interface Told extends ToldAccepted {
  readonly at: number;
  /** Whatever was sent before this moment is in `accepted`, or never will be. */
  readonly completeAt: number;
}

/**
 * Tells Redis each second how many commands the broker has confirmed, for the writers to keep. A gateway that is
 * killed takes what it confirmed since with it: what was accepted is a lower bound. Confirms that came late, or
 * could not be told for a while, are told as such: writers may have seen their commands end long before.
 * @returns how to stop; it tells the last count.
 */
export function tellAccepted(
  publisher: Pick<Publisher, 'accepted' | 'oldestUnconfirmedAt'>,
  mirror: Pick<LedgerMirror, 'putAccepted'>,
  instance: string,
): () => Promise<void> {
  const source = `${instance}/${randomBytes(6).toString('hex')}`;
  const tell = accountant(publisher, (shard, counts) => mirror.putAccepted(shard, source, counts));
  let telling = Promise.resolve();
  const timer = setInterval(() => {
    telling = telling.then(() => tell(performance.now()));
  }, EVERY_MS);
  return async () => {
    clearInterval(timer);
    await telling;
    await tell(performance.now());
  };
}

/**
 * What is to be told at a moment, in milliseconds of `performance.now()`, and whether it was late. Exported for
 * its spec.
 * @param put resolves to whether it could be told.
 */
export function accountant(
  publisher: Pick<Publisher, 'accepted' | 'oldestUnconfirmedAt'>,
  put: (shard: string, counts: ToldAccepted) => Promise<boolean>,
): (now: number) => Promise<void> {
  const told = new Map<string, Told>();
  let completeBefore = performance.now();
  return async (now) => {
    const completeAt = Math.min(now, publisher.oldestUnconfirmedAt ?? now);
    for (const [shard, accepted] of byShard(publisher.accepted)) {
      const before = told.get(shard) ?? { accepted: 0, late: 0, at: -Infinity, completeAt: completeBefore };
      const more = accepted - before.accepted;
      const late = before.late + (now - before.completeAt > LATE_MS ? more : 0);
      if (more === 0 && now - before.at < AGAIN_MS) told.set(shard, { ...before, completeAt });
      else if (await put(shard, { accepted, late })) told.set(shard, { accepted, late, at: now, completeAt });
    }
    completeBefore = completeAt;
  };
}

function byShard(accepted: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const shards = new Map<string, number>();
  for (const [queue, count] of accepted) {
    const shard = shardOfQueue(queue);
    shards.set(shard, (shards.get(shard) ?? 0) + count);
  }
  return shards;
}
