import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { reaches, type Position } from '@spillway/contracts';
import {
  eventually,
  quietLogger,
  readStack,
  startTcpProxy,
  type TcpProxy,
  watchLeaks,
} from '@spillway/testing';
import { CacheConnection } from '../cache-connection.js';
import { Generations } from '../generations.js';
import { PageCache, type LoadedPage, type Page } from '../page-cache.js';
import { keyOf, type PageRef } from '../page-store.js';

const SHARD = 's0';
/** A little longer than an entry in memory counts without a look at its generation. */
export const RECHECKED_MS = 270;
export const at = (lsn: number, timeline = 1): Position => ({
  shard: SHARD,
  timeline,
  lsn: lsn.toString(16).padStart(16, '0'),
});

export class Away extends Error {}
export class Behind extends Error {}

/** A primary, and a node that answers reads; both only as far as a cache of pages can tell. */
class Databases {
  primary: Position | undefined = at(100);
  /** Where the node that answers is; undefined while it is down. */
  node: Position | undefined = at(100);
  /** How long a read takes. */
  tookMs = 0;
  readonly loads: (Position | undefined)[] = [];

  readonly primaryPosition = (): Position | undefined => this.primary;
  readonly askPrimaryPosition = (): Promise<Position | undefined> => Promise.resolve(this.primary);
  readonly failureOf = (error: unknown): 'position' | 'away' | undefined =>
    error instanceof Behind ? 'position' : error instanceof Away ? 'away' : undefined;

  readonly load = async (atLeast: Position | undefined): Promise<LoadedPage> => {
    this.loads.push(atLeast);
    const position = this.node;
    if (this.tookMs > 0) await delay(this.tookMs);
    if (!position) throw new Away();
    if (atLeast && !reaches(position, atLeast)) throw new Behind();
    const body = `page ${position.timeline}/${position.lsn}`;
    return { body, etag: `"${position.lsn}"`, position, servedBy: 'replica-1', lagMs: 3 };
  };

  both(position: Position): void {
    this.primary = position;
    this.node = position;
  }
}

/** The pages of one process, whose way to Redis can be cut, and databases that are where a spec says. */
export interface PageFixture {
  readonly databases: Databases;
  readonly pages: PageCache;
  readonly ref: PageRef;
  readonly proxy: TcpProxy;
  readonly control: Redis;
  readonly generations: Generations;
  get(need?: Position, by?: PageCache, ref?: PageRef): Promise<Page>;
  /** Another process, with a way to Redis of its own. */
  another(): PageCache;
  /** A commit, as far as everybody but the node that answers knows. */
  commit(position: Position): Promise<void>;
  /** Waits until Redis has the page. */
  stored(): Promise<unknown>;
  isStored(): Promise<boolean>;
  close(): Promise<void>;
}

export async function openPages(): Promise<PageFixture> {
  const leaks = watchLeaks();
  const url = new URL(readStack().urlOf('redis'));
  const control = new Redis(url.href, { lazyConnect: true });
  await control.connect();
  const proxy = await startTcpProxy({ target: { port: Number(url.port) } });
  const direct = await opened(url.href);
  url.port = String(proxy.port);
  const cache = await opened(url.href);
  const databases = new Databases();
  const pages = new PageCache({ cache, databases });
  const generations = new Generations(direct);
  const tenantId = `spec-${randomUUID()}`;
  const ref: PageRef = {
    ...{ shard: SHARD, tenantId, view: 'posts', params: ['', '20'] },
    ...{ outdatedBy: 'tenant', freshMs: 60_000 },
  };
  const isStored = async (): Promise<boolean> => (await control.exists(keyOf(ref))) === 1;
  return {
    ...{ databases, pages, ref, proxy, control, generations, isStored },
    get: (need, by = pages, which = ref) => by.get(which, need, databases.load),
    another: () => new PageCache({ cache: direct, databases }),
    async commit(position) {
      databases.primary = position;
      await generations.raise(tenantId, position, { channels: [], edited: false });
    },
    stored: () => eventually('it is stored', isStored, { everyMs: 5 }),
    async close() {
      await control.quit();
      for (const one of [cache, direct]) await one.close();
      await proxy.stop();
      await leaks.expectNoLeaks();
    },
  };
}

async function opened(url: string): Promise<CacheConnection> {
  const one = CacheConnection.open({ url, name: 'a spec', logger: quietLogger });
  await eventually('redis answers', async () => (await one.call((redis) => redis.ping())).ok);
  return one;
}
