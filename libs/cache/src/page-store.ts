import { LRUCache } from 'lru-cache';
import { reaches, type Position } from '@spillway/contracts';
import type { CacheAnswer, CacheConnection } from './cache-connection.js';
import { generationIn, namesOf, type OutdatedBy } from './generations.js';
import { generationKey, pageKey } from './keys.js';
import { decodeEntry, encodeEntry, KEEP_MS, type PageEntry } from './page-entry.js';

/** Which page it is. */
export interface PageRef {
  readonly shard: string;
  readonly tenantId: string;
  readonly view: string;
  readonly params: readonly string[];
  /** What outdates it; null when only time does. */
  readonly outdatedBy: OutdatedBy | null;
  /** Milliseconds that it counts as fresh, give or take a seventh, while nothing outdates it. */
  readonly freshMs: number;
}

/** An entry in this process' memory, and when its generation was last looked at, in monotonic milliseconds. */
export interface HeldEntry {
  readonly entry: PageEntry;
  readonly checkedAt: number;
}

/** What Redis holds of a page. */
export interface Found {
  readonly entry: PageEntry | undefined;
  /** What it must contain; null when that is not known. */
  readonly generation: Position | null;
}

/** Two of text, and as many of what is made of it to be sent. */
const BYTES_PER_CHARACTER = 4;
const MEMORY_BYTES = 32 * 1024 * 1024;
const MEMORY_ENTRIES = 5_000;
/** Larger pages are read from a database each time. */
const BODY_BYTES_MAX = 256 * 1024;

/** Entries in Redis and, a few of them, in the memory of this process. */
export class PageStore {
  private readonly memory = new LRUCache<string, HeldEntry>({
    max: MEMORY_ENTRIES,
    maxSize: MEMORY_BYTES,
    sizeCalculation: ({ entry }, key) => BYTES_PER_CHARACTER * (entry.body.length + key.length) + 500,
  });

  constructor(private readonly cache: CacheConnection) {}

  held(key: string): HeldEntry | undefined {
    return this.memory.get(key);
  }

  hold(key: string, entry: PageEntry, checkedAt: number): void {
    if (fits(entry)) this.memory.set(key, { entry, checkedAt });
  }

  /** Not to be taken for fresh, only for the case that no database can answer; the newer one is kept. */
  holdInReserve(key: string, entry: PageEntry): void {
    const held = this.memory.get(key);
    if (!held || !reaches(held.entry.position, entry.position)) this.hold(key, entry, -Infinity);
  }

  /** The entry and its generation, side by side: two keys, which a cluster may hold in two places. */
  find(ref: PageRef, key: string): Promise<CacheAnswer<Found>> {
    return this.cache.call(async (redis) => {
      const [bytes, generation] = await Promise.all([
        redis.getBuffer(key),
        ref.outdatedBy === null
          ? null
          : redis.hmget(generationKey(ref.tenantId), ...namesOf(ref.outdatedBy)).then(generationIn),
      ]);
      return { entry: bytes ? decodeEntry(bytes) : undefined, generation };
    });
  }

  /** Keeps it for everybody. Best effort. */
  async store(key: string, entry: PageEntry): Promise<void> {
    if (!fits(entry)) return;
    await this.cache.call((redis) => redis.set(key, encodeEntry(entry), 'PX', KEEP_MS));
  }
}

const fits = ({ body }: PageEntry): boolean => Buffer.byteLength(body) <= BODY_BYTES_MAX;

export const keyOf = ({ view, tenantId, params }: PageRef): string => pageKey(view, tenantId, params);
