import { processClock } from '@spillway/contracts/server';
import type { CacheConnection } from './cache-connection.js';
import { writerKey } from './keys.js';

const BEAT_EVERY_MS = 2_000;
const GONE_AFTER_SECONDS = 10;

/** Whether anybody writes a shard, as far as Redis knows. */
export class WriterBeats {
  constructor(private readonly cache: CacheConnection) {}

  /** Says every 2 s that the shards are being written, while `consuming` answers true. Returns how to stop. */
  keepBeating(shards: readonly string[], consuming: () => boolean): () => void {
    const beat = (): void => {
      if (!consuming()) return;
      for (const shard of shards) {
        void this.cache.call((redis) =>
          redis.set(writerKey(shard), processClock.now(), 'EX', GONE_AFTER_SECONDS),
        );
      }
    };
    const timer = setInterval(beat, BEAT_EVERY_MS);
    return () => clearInterval(timer);
  }

  /** True or false, or undefined when Redis does not answer. */
  async isWritten(shard: string): Promise<boolean | undefined> {
    const answer = await this.cache.call((redis) => redis.exists(writerKey(shard)));
    return answer.ok ? answer.value === 1 : undefined;
  }
}
