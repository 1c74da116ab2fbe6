import type { BatchTrigger } from '@spillway/messaging';
import type { BatchRun } from '../posts/batch.store.js';

/** How long a full batch counts as a sign: longer than the next one takes. */
const SIGN_MS = 2_000;

/**
 * Whether more single posts wait than a batch takes, by shard. A batch that closed because it was full
 * says so; the age of what waits would compare the clock of a gateway with this one. The bulk lane does not
 * count: its batches are full whenever somebody imports.
 */
export class Backlog {
  private readonly fullAt = new Map<string, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** To be told of each batch that is taken. */
  taken(shard: string, lane: BatchRun['lane'], trigger: BatchTrigger): void {
    if (lane === 'write' && (trigger === 'commands' || trigger === 'bytes'))
      this.fullAt.set(shard, this.now());
  }

  waits(shard: string): boolean {
    return this.now() - (this.fullAt.get(shard) ?? -Infinity) < SIGN_MS;
  }
}
