import { randomBytes } from 'node:crypto';
import type { LedgerMirror } from '@spillway/cache';
import { shardOfQueue, type Publisher } from '@spillway/messaging';

const EVERY_MS = 1_000;
/** Told again after this, in case that Redis has lost it. */
const AGAIN_MS = 10_000;

/**
 * Tells Redis each second how many commands the broker has confirmed, for the writers to keep. A gateway that is
 * killed takes what it confirmed since with it: what was accepted is a lower bound.
 * @returns how to stop; it tells the last count.
 */
export function tellAccepted(
  publisher: Pick<Publisher, 'accepted'>,
  mirror: Pick<LedgerMirror, 'putAccepted'>,
  instance: string,
): () => Promise<void> {
  const source = `${instance}/${randomBytes(6).toString('hex')}`;
  const told = new Map<string, { readonly count: number; readonly at: number }>();
  const tell = async (): Promise<void> => {
    const now = performance.now();
    for (const [shard, count] of byShard(publisher.accepted)) {
      const before = told.get(shard);
      if (before?.count === count && now - before.at < AGAIN_MS) continue;
      if (await mirror.putAccepted(shard, source, count)) told.set(shard, { count, at: now });
    }
  };
  let telling = Promise.resolve();
  const timer = setInterval(() => {
    telling = telling.then(tell);
  }, EVERY_MS);
  return async () => {
    clearInterval(timer);
    await telling;
    await tell();
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
