import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { presentPost } from '@spillway/contracts/server';
import { migrate } from '@spillway/database';
import { EVENTUAL } from '@spillway/database/read';
import { openReaderFixture, type ReaderFixture, type Row } from '../spec/reader-fixture.js';
import { findPosts, type FoundPosts } from './find-posts.js';
import type { PostFilter } from './post-filter.js';

const DAY_MS = 24 * 3600_000;
type Filter = Omit<PostFilter, 'tenant'>;

describe('lists posts', () => {
  let fixture: ReaderFixture;
  let tenant: string;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });

  const store = (...rows: Row[]): Promise<string[]> => fixture.store(tenant, ...rows);
  const page = async (
    filter: Filter,
    limit: number,
    before?: string,
    now = Date.now(),
  ): Promise<FoundPosts> => {
    const query = { filter: { tenant, ...filter }, before, limit, now };
    return (await fixture.reads.read(tenant, EVENTUAL, (scope) => findPosts(scope, query))).value;
  };
  const list = async (filter: Filter, pageSize = 10, now = Date.now()) => {
    const all: string[] = [];
    let before: string | undefined;
    for (let pages = 1; ; pages++) {
      const { posts, next } = await page(filter, pageSize, before, now);
      expect(posts.length).toBeLessThanOrEqual(pageSize);
      all.push(...posts.map(({ id }) => id));
      if (next === null) return { all, pages };
      before = next;
    }
  };
  const ids = async (filter: Filter): Promise<string[]> => (await list(filter)).all;

  it('newest first, completely and without repeats, over pages and years', async () => {
    const now = Date.now();
    // Bursts around the edges of months and of the time windows, down to 1980.
    const ages = [0, 1, 25, 26, 27, 28, 29, 100, 112, 447, 1792, 1793, 3000, 7169, 12_000, 16_000];
    const times = ages.flatMap((days) => [0, 1, 2].map((n) => now - days * DAY_MS - n));
    const months = [...new Set(times.map((time) => new Date(time).toISOString().slice(0, 7)))];
    await fixture.database.query('SELECT ensure_partitions(m::timestamptz) FROM unnest($1::text[]) AS m', [
      months.map((month) => `${month}-01T00:00:00Z`),
    ]);
    const rows = times.map((time): Row => ({ id: uuidV7(time), tags: ['old'] }));
    const stored = await store(...rows);
    await store({ tenant: `${tenant}-other` });
    const newestFirst = [...stored].sort().reverse();
    for (const pageSize of [1, 4, 7, stored.length - 1, stored.length, 100]) {
      expect((await list({}, pageSize, now)).all).toEqual(newestFirst);
      expect((await list({ tag: 'old' }, pageSize, now)).all).toEqual(newestFirst);
      expect((await list({ tag: 'old', authorId: 'alice' }, pageSize, now)).all).toEqual(newestFirst);
    }
    expect((await list({}, 7, now)).pages).toBe(Math.ceil(stored.length / 7));
  });

  it('by every filter and every two of them, and none that was deleted', async () => {
    const [a = '', b = '', c = '', d = '', , f = ''] = await store(
      { channel: 'news', author: 'alice', tags: ['x'] },
      { channel: 'news', author: 'bob', tags: ['x', 'y'] },
      { author: 'bob' },
      { author: 'alice', channel: 'talk', tags: ['y'] },
      { channel: 'news', author: 'bob', tags: ['x'], deleted: true },
      { channel: 'New', author: 'Bob' },
    );
    const [reply = ''] = await store({ author: 'bob', channel: 'news', replyTo: b, tags: ['y'] });
    expect(await ids({})).toEqual([reply, f, d, c, b, a]);
    expect(await ids({ channelId: 'news' })).toEqual([reply, b, a]);
    expect(await ids({ authorId: 'bob' })).toEqual([reply, c, b]);
    expect(await ids({ tag: 'x' })).toEqual([b, a]);
    expect(await ids({ tag: 'X' })).toEqual([]);
    expect(await ids({ replyTo: b })).toEqual([reply]);
    expect(await ids({ channelId: 'news', authorId: 'bob' })).toEqual([reply, b]);
    expect(await ids({ channelId: 'news', tag: 'x' })).toEqual([b, a]);
    expect(await ids({ authorId: 'bob', tag: 'y' })).toEqual([reply, b]);
    expect(await ids({ replyTo: b, tag: 'y' })).toEqual([reply]);
    expect(await ids({ replyTo: b, authorId: 'alice' })).toEqual([]);
    expect(await ids({ channelId: 'news', authorId: 'bob', tag: 'y', replyTo: b })).toEqual([reply]);
    expect(await ids({ channelId: 'nothing' })).toEqual([]);
  });

  it('from a time on and until another', async () => {
    const at = Date.now() - 3600_000;
    const [, b, c] = await store(
      { id: uuidV7(at - 1) },
      { id: uuidV7(at) },
      { id: uuidV7(at + 9), tags: ['t'] },
    );
    await store({ id: uuidV7(at + 10), tags: ['t'] });
    expect(await ids({ sinceMs: at, untilMs: at + 10 })).toEqual([c, b]);
    expect(await ids({ tag: 't', untilMs: at + 10 })).toEqual([c]);
    expect(await ids({ sinceMs: at + 10, untilMs: at })).toEqual([]);
    expect((await list({ sinceMs: at, untilMs: at + 10 }, 1)).all).toEqual([c, b]);
  });

  it('in bounded steps when filters rarely meet, and completely all the same', async () => {
    const start = Date.now() - 100_000;
    const rows = Array.from({ length: 12_000 }, (_, n): Row => ({
      id: uuidV7(start + n),
      author: n % 2 === 0 ? 'even' : 'odd',
      channel: n < 5 || n === 11_000 ? 'rare' : n % 2 === 0 ? 'odd-ones' : 'even-ones',
      tags: n % 2 === 0 ? ['even'] : ['odd'],
    }));
    const stored = await store(...rows);
    const rare = [stored[11_000], stored[4], stored[2], stored[0]];
    expect(await list({ authorId: 'even', channelId: 'rare' })).toEqual({ all: rare, pages: 1 });
    expect((await list({ tag: 'even', channelId: 'rare' }, 2)).all).toEqual(rare);
    const never = await list({ authorId: 'odd', channelId: 'odd-ones' });
    expect(never.all).toEqual([]);
    expect(never.pages).toBeGreaterThan(1);
    expect((await list({ tag: 'odd', authorId: 'even' })).all).toEqual([]);
    expect((await list({ tag: 'even', authorId: 'even' }, 97)).all).toHaveLength(6_000);
  });

  it('that were made a moment ahead of this clock', async () => {
    const [ahead] = await store({ id: uuidV7(Date.now() + 50_000) });
    expect(await ids({})).toEqual([ahead]);
  });

  it('and of no other tenant, even when it is asked for one', async () => {
    await store({ tenant: `${tenant}-other`, tags: ['x'], author: 'bob' });
    for (const filter of [{}, { tag: 'x' }, { tag: 'x', authorId: 'bob' }]) {
      const query = { filter: { tenant: `${tenant}-other`, ...filter }, limit: 10, now: Date.now() };
      const { value } = await fixture.reads.read(tenant, EVENTUAL, (scope) => findPosts(scope, query));
      expect(value).toEqual({ posts: [], next: null });
    }
  });

  it('with the times that lie in their ids, and their replies', async () => {
    const time = Date.now() - 5_000;
    const [id] = await store({ id: uuidV7(time), channel: 'news', tags: ['b', 'a'] });
    await fixture.database.query(
      'INSERT INTO reply_counts (tenant_id, post_id, replies) VALUES ($1, $2, 2)',
      [tenant, id],
    );
    await fixture.replayed();
    const { posts } = await page({}, 1);
    expect(posts.map(presentPost)).toEqual([
      {
        id,
        authorId: 'alice',
        channelId: 'news',
        replyTo: null,
        content: 'hello',
        tags: ['b', 'a'],
        createdAt: new Date(time).toISOString(),
        updatedAt: new Date(time).toISOString(),
        replies: 2,
      },
    ]);
  });
});
