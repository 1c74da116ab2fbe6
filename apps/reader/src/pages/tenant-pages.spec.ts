import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheConnection, Generations, PageCache, type Page } from '@spillway/cache';
import type { Position } from '@spillway/contracts';
import { presentPost } from '@spillway/contracts/server';
import { migrate } from '@spillway/database';
import { atLeast, EVENTUAL, STRONG, type Freshness, type ReadScope } from '@spillway/database/read';
import { eventually, quietLogger, readStack } from '@spillway/testing';
import { Client } from 'pg';
import { findPosts } from '../posts/find-posts.js';
import { insertPosts, nothing, openReaderFixture, type ReaderFixture } from '../spec/reader-fixture.js';
import { databaseView, TenantPages, type PageSpec } from './tenant-pages.js';

const LIST: PageSpec = { view: 'posts', params: ['', '20'], outdatedBy: 'tenant', freshMs: 60_000 };
/** A little longer than a page in memory counts without a look at its generation. */
const RECHECKED_MS = 270;

describe('TenantPages', () => {
  let fixture: ReaderFixture;
  let superuser: Client;
  let replica: Client;
  let cache: CacheConnection;
  let generations: Generations;
  let pages: TenantPages;
  let tenant: string;
  let queries: number;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
    superuser = await connected(readStack().urlOf('postgres-primary'));
    replica = await connected(fixture.database.urlOf('postgres', 'postgres-replica-1'));
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    generations = new Generations(cache);
  });
  afterAll(async () => {
    await cache.close();
    await Promise.all([superuser.end(), replica.end()]);
    await fixture.close();
  });
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
    pages = fresh();
    queries = 0;
  });

  /** As in a process that has just started. */
  const fresh = (): TenantPages =>
    new TenantPages(new PageCache({ cache, databases: databaseView(fixture.router) }), fixture.reads);
  const list = async (scope: ReadScope) => {
    queries++;
    const filter = { tenant };
    const query = { filter, before: undefined, limit: 20, now: Date.now() };
    const { posts } = await findPosts(scope, query);
    const items = posts.map(presentPost);
    return { answer: { items }, versionedBy: items };
  };
  const read = (freshness: Freshness = EVENTUAL, by = pages): Promise<Page> =>
    by.read(tenant, LIST, freshness, list);
  const idsOf = (page: Page): string[] =>
    (JSON.parse(page.body) as { items: { id: string }[] }).items.map(({ id }) => id);
  /** As the writer would: a commit, then its generation. */
  const commit = async (): Promise<{ id: string; position: Position }> => {
    const [id = ''] = await insertPosts(fixture.database, tenant, [{}]);
    const { value: position } = await fixture.reads.read(tenant, STRONG, (scope) => scope.seenPosition());
    await generations.raise(tenant, position, { channels: [], edited: false });
    return { id, position };
  };
  /** Other specs pause the same replica: one at a time, or one would resume under another. */
  const whilePaused = async (fn: () => Promise<void>): Promise<void> => {
    await superuser.query(`SELECT pg_advisory_lock(hashtext('spec.replay'))`);
    try {
      await replica.query('SELECT pg_wal_replay_pause()');
      await fn();
    } finally {
      await replica.query('SELECT pg_wal_replay_resume()');
      await superuser.query(`SELECT pg_advisory_unlock(hashtext('spec.replay'))`);
    }
  };

  it('reads a page from the replica, then gives it from the cache, with the same bytes and ETag', async () => {
    const ids = await fixture.store(tenant, {}, {}, {});
    const first = await read();
    expect(first).toMatchObject({ servedBy: 'replica-1' });
    expect(idsOf(first)).toEqual(ids.toReversed());
    await eventually('it is stored', async () => (await read(EVENTUAL, fresh())).servedBy === 'cache');
    const again = await read(EVENTUAL, fresh());
    expect(again.body).toBe(first.body);
    expect(again.etag).toBe(first.etag);
    expect(first.etag).toMatch(/^W\/"[\w-]{22}"$/);
  });

  it('meets five hundred at once with one query a process, when nothing is cached', async () => {
    await fixture.store(tenant, {}, {});
    const [one, two] = [fresh(), fresh()];
    const both = Array.from({ length: 500 }, () => [read(EVENTUAL, one), read(EVENTUAL, two)]).flat();
    const all = await Promise.all(both);
    expect(queries).toBeLessThanOrEqual(2);
    expect(new Set(all.map((page) => idsOf(page).length))).toEqual(new Set([2]));
  });

  it('has a new post as soon as its commit was told', async () => {
    await read();
    const { id } = await commit();
    await delay(RECHECKED_MS);
    expect(idsOf(await read())).toEqual([id]);
  });

  it('reads past a replica that has not replayed the commit, and keeps what the primary answered', async () => {
    await read();
    await whilePaused(async () => {
      const { id } = await commit();
      await delay(RECHECKED_MS);
      const page = await read();
      expect(page.servedBy).toBe('primary');
      expect(idsOf(page)).toEqual([id]);
      const other = await read(EVENTUAL, fresh());
      expect(other.servedBy).toBe('cache');
      expect(idsOf(other)).toEqual([id]);
    });
  });

  it('answers what a lagging replica has when there is nothing else, and never keeps it', async () => {
    await read();
    await whilePaused(async () => {
      await commit();
      await delay(RECHECKED_MS);
      await fixture.proxy.refuse();
      fixture.proxy.reset();
      await eventually(
        'the primary is missed',
        () => fixture.router.primaryPosition(fixture.shard) === undefined,
      );
      for (let n = 0; n < 3; n++) {
        const page = await read();
        expect(page.servedBy).toBe('replica-1');
        expect(idsOf(page)).toEqual([]);
      }
      await fixture.proxy.pass();
      await eventually(
        'the primary is back',
        () => fixture.router.primaryPosition(fixture.shard) !== undefined,
      );
      // Nobody finds the page without the post, however it came about.
      expect(idsOf(await read(EVENTUAL, fresh()))).toHaveLength(1);
    });
  });

  it('gives a token what it asks for, and no older page', async () => {
    await read();
    const [id = ''] = await insertPosts(fixture.database, tenant, [{}]);
    const { value: position } = await fixture.reads.read(tenant, STRONG, (scope) => scope.seenPosition());
    // Nobody has told the generation yet, and without the token the old page stands.
    expect(idsOf(await read())).toEqual([]);
    expect(idsOf(await read(atLeast(position)))).toEqual([id]);
    expect(await read(STRONG)).toMatchObject({ servedBy: 'primary' });
  });

  it('survives a flush: what was cached is read again, and cached again', async () => {
    const ids = await fixture.store(tenant, {});
    await read();
    await cache.call((redis) => redis.unlink(`spillway:generation:${tenant}`));
    await fixture.store(tenant, {});
    expect(idsOf(await read(EVENTUAL, fresh()))).toHaveLength(ids.length + 1);
    await eventually('it is cached', async () => (await read(EVENTUAL, fresh())).servedBy === 'cache');
  });

  it('keeps the pages of tenants apart', async () => {
    await fixture.store(tenant, {});
    await read();
    const other = await fixture.freshTenant();
    const theirs = await pages.read(other, LIST, EVENTUAL, async (scope) => {
      const filter = { tenant: other };
      const { posts } = await findPosts(scope, {
        filter,
        before: undefined,
        limit: 20,
        now: Date.now(),
      });
      return { answer: { items: posts }, versionedBy: posts };
    });
    expect(idsOf(theirs)).toEqual([]);
    expect(theirs.servedBy).not.toBe('cache');
    await fixture.reads.read(other, EVENTUAL, nothing);
  });
});

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
