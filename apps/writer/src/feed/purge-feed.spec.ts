import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import type { Router } from '@spillway/database';
import { watchLeaks, type LeakCheck } from '@spillway/testing';
import { SHARD } from '../spec/writer-fixture.js';
import { feedFixture, type FeedFixture } from './feed.fixture.js';
import { purgeFeed } from './purge-feed.js';

const SPAN = 2 ** 24;

describe('what the feed keeps', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  let router: Router;

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('feed_purge');
    router = await feed.openRouter();
  });
  afterAll(async () => {
    await feed.close();
    await leaks.expectNoLeaks();
  });

  it('is changes of so many days, and replies of the hours that can be asked for', async () => {
    const [now] = await feed.database.query<{ n: number }>(
      `SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint / ${SPAN} + 1)::int AS n`,
    );
    const first = now?.n ?? 1;
    for (const [n, days] of [
      [0, 4],
      [1, 2],
    ] as const) {
      const values = [(first + n) * SPAN + 1, uuidV7(), days];
      await feed.database.query(
        `INSERT INTO post_changes (tenant_id, xid, post_id, created, at)
         VALUES ('acme', $1::text::xid8, $2, true, now() - make_interval(days => $3))`,
        values,
      );
    }
    await feed.database.query(
      `UPDATE feed_cursors SET xid = (CASE name WHEN 'purged' THEN $1 ELSE $2 END)::text::xid8`,
      [String(first * SPAN), String((first + 2) * SPAN)],
    );
    await feed.database.query(
      `INSERT INTO replies_hourly SELECT 'acme', now() - make_interval(days => d), gen_random_uuid(), 1
       FROM unnest(ARRAY[1, 32, 34]) AS d, generate_series(1, 2600)`,
    );
    const left = () =>
      feed.database.query(
        `SELECT (SELECT count(*)::int FROM post_changes) AS changes, (SELECT count(*)::int FROM replies_hourly) AS replies`,
      );
    await purgeFeed(router, SHARD, 7, () => false);
    expect(await left()).toEqual([{ changes: 2, replies: 7_800 }]);
    await Promise.all([purgeFeed(router, SHARD, 3), purgeFeed(router, SHARD, 3)]);
    await purgeFeed(router, SHARD, 3);
    expect(await left()).toEqual([{ changes: 1, replies: 5_200 }]);
  });
});
