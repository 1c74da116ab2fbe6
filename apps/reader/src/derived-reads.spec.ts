import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import { EVENTUAL, type ReadScope } from '@spillway/database/read';
import { openReaderFixture, type ReaderFixture } from './spec/reader-fixture.js';
import { findStats } from './stats/find-stats.js';
import { findTags } from './tags/find-tags.js';
import { findTop } from './top/find-top.js';

const HOUR_MS = 3600_000;
const hourOf = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS;

describe('what is derived from the change feed', () => {
  let fixture: ReaderFixture;
  let tenant: string;

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });

  const read = async <T>(fn: (scope: ReadScope) => Promise<T>): Promise<T> =>
    (await fixture.reads.read(tenant, EVENTUAL, fn)).value;
  const insert = async (text: string, ...values: unknown[]): Promise<void> => {
    await fixture.database.query(text, values);
    await fixture.replayed();
  };

  describe('tags', () => {
    const tags = async (prefix: string, after?: string, limit = 10): Promise<string[]> =>
      (await read((scope) => findTags(scope, tenant, prefix, after, limit))).map(({ tag }) => tag);

    it('come by how they begin, in order, page by page, and none of others or without posts', async () => {
      const used = ['a', 'ab', 'abc', 'ac', 'b', 'é', '%', 'a%', 'ab\u{10ffff}x', '😀'];
      await insert(
        `INSERT INTO tag_counts SELECT t, tag, n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u(t, tag, n)`,
        [...used.map(() => tenant), tenant, `${tenant}-other`],
        [...used, 'abandoned', 'ab-other'],
        [...used.map((_, n) => n + 1), 0, 5],
      );
      expect(await tags('ab')).toEqual(['ab', 'abc', 'ab\u{10ffff}x']);
      expect(await tags('ab', 'ab', 1)).toEqual(['abc']);
      expect(await tags('a%')).toEqual(['a%']);
      expect(await tags('😀')).toEqual(['😀']);
      expect(await tags('')).toHaveLength(used.length);
      expect(await read((scope) => findTags(scope, tenant, 'b', undefined, 10))).toEqual([
        { tag: 'b', posts: 5 },
      ]);
    });
  });

  it('tags come by either sigma at the end of what they begin with', async () => {
    await insert(
      `INSERT INTO tag_counts SELECT $1, tag, 1 FROM unnest($2::text[]) AS u(tag)`,
      tenant,
      ['ΟΔΟΣ', 'ΟΔΟΣΑ', 'ΟΔΟΣ Α', 'ΟΔΟ', 'ΟΔΟΤ'].map((tag) => tag.toLowerCase()),
    );
    for (const prefix of ['οδος', 'οδοσ']) {
      const found = await read((scope) => findTags(scope, tenant, prefix, undefined, 10));
      expect(found.map(({ tag }) => tag)).toEqual(['οδος', 'οδος α', 'οδοσα']);
    }
  });

  describe('stats', () => {
    it('are of one moment, which they name, and nothing for who has no posts', async () => {
      const now = Date.now();
      const empty = await read((scope) => findStats(scope, tenant, 0, now));
      expect(empty).toMatchObject({ totals: { created: 0, edited: 0, deleted: 0 }, hours: [] });
      const hours = [0, 1, 30].map((h) => new Date(hourOf(now) - h * HOUR_MS));
      await insert(
        `WITH h AS (INSERT INTO stats_hourly SELECT $1, h, 3, 2, 1 FROM unnest($2::timestamptz[]) AS h)
         INSERT INTO stats_totals VALUES ($1, 9, 6, 3)`,
        tenant,
        hours,
      );
      const found = await read((scope) => findStats(scope, tenant, hourOf(now) - HOUR_MS, now + HOUR_MS));
      expect(found.totals).toEqual({ created: 9, edited: 6, deleted: 3 });
      expect(found.hours).toEqual(
        [hours[1], hours[0]].map((hour) => ({ hour, created: 3, edited: 2, deleted: 1 })),
      );
      const [cursor] = await fixture.database.query<{ xid: string }>(
        `SELECT xid::text FROM feed_cursors WHERE name = 'counts'`,
      );
      expect(found.upTo.xid).toBe(BigInt(cursor?.xid ?? 0));
    });
  });

  describe('top posts', () => {
    it('are those with the most replies in the window, without what was deleted', async () => {
      const now = Date.now();
      const [quiet, old, loud, gone] = await fixture.store(tenant, {}, {}, {}, { deleted: true });
      await insert(
        `WITH c AS (INSERT INTO reply_counts SELECT $1, p, n FROM unnest($2::uuid[], $3::int[]) AS u(p, n))
         INSERT INTO replies_hourly SELECT $1, h, p, n FROM unnest($4::timestamptz[], $5::uuid[], $6::int[]) AS u(h, p, n)`,
        tenant,
        [quiet, old, loud, gone],
        [1, 50, 7, 99],
        [0, 30, 0, 5, 0].map((h) => new Date(hourOf(now) - h * HOUR_MS)),
        [quiet, old, loud, loud, gone],
        [1, 50, 3, 4, 99],
      );
      const top = async (window: '1h' | '24h' | '7d' | 'all', limit = 10) =>
        (await read((scope) => findTop(scope, tenant, window, limit, now))).map(({ post, replies }) => [
          post.id,
          replies,
        ]);
      expect(await top('1h')).toEqual([
        [loud, 3],
        [quiet, 1],
      ]);
      expect(await top('24h')).toEqual([
        [loud, 7],
        [quiet, 1],
      ]);
      expect(await top('7d', 1)).toEqual([[old, 50]]);
      expect(await top('all')).toEqual([
        [old, 50],
        [loud, 7],
        [quiet, 1],
      ]);
    });

    it('are none where nobody replied', async () => {
      await fixture.store(tenant, { id: uuidV7() });
      expect(await read((scope) => findTop(scope, tenant, '24h', 10, Date.now()))).toEqual([]);
    });
  });
});
