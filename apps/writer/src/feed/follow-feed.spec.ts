import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Logger } from '@spillway/telemetry';
import { eventually, type LeakCheck, quietLogger, watchLeaks } from '@spillway/testing';
import { Events } from '../events.js';
import { deletion, earlierCreation } from '../spec/commands.js';
import { SHARD } from '../spec/writer-fixture.js';
import { COUNTS } from './count-changes.js';
import { feedFixture, type FeedFixture } from './feed.fixture.js';
import { followFeeds, type FeedFollower } from './follow-feed.js';
import { searchIn } from './index-changes.js';

describe('followers of the change feed', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  const followers: FeedFollower[] = [];
  const warnings: string[] = [];
  const logger: Logger = {
    ...quietLogger,
    warn: (_fields: unknown, message?: string) => void warnings.push(message ?? ''),
  };

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('follow');
  });
  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
    await feed.close();
    await leaks.expectNoLeaks();
  });

  const start = async (
    languages = ['simple'],
    waits = (): boolean => false,
    putOffSeconds?: number,
  ): Promise<FeedFollower> => {
    const router = await feed.openRouter();
    const search = searchIn(languages);
    const derivations = [COUNTS, { ...search, putOffSeconds: putOffSeconds ?? search.putOffSeconds }];
    const follower = followFeeds(router, [SHARD], derivations, { waits }, new Events(logger));
    followers.push(follower);
    return follower;
  };
  const derived = async (tenant: string) => {
    const [row] = await feed.database.query<{ left: number | null; found: number }>(
      `SELECT (SELECT (created - deleted)::int FROM stats_totals WHERE tenant_id = $1) AS left,
              (SELECT count(*)::int FROM post_search WHERE tenant_id = $1 AND tsv @@ 'word') AS found`,
      [tenant],
    );
    return row;
  };

  it('share the work, also after one of them is gone, and rest when there is none', async () => {
    const [first, second] = [await start(), await start()];
    const posts = Array.from({ length: 40 }, () => earlierCreation('shared', { content: 'a word' }));
    await feed.write(posts);
    await eventually('it is derived', async () => (await derived('shared'))?.found === 40);
    await first.stop();
    await feed.write(posts.slice(0, 5).map((post) => deletion(post, 1)));
    await eventually('it is derived by the other', async () => {
      const row = await derived('shared');
      return row?.found === 35 && row.left === 35;
    });
    await eventually('nothing waits', () => second.lags.get(SHARD)?.size === 0);
    const cursors = () => feed.database.query('SELECT name, xid::text, at FROM feed_cursors ORDER BY name');
    const before = await cursors();
    const seen = second.lags.get(SHARD);
    await eventually('it has looked again', () => second.lags.get(SHARD) !== seen);
    expect(await cursors()).toEqual(before);
    await second.stop();
  });

  it('put search off while a backlog waits, not the counts', async () => {
    let backlog = true;
    const follower = await start(['simple'], () => backlog);
    await feed.write([earlierCreation('busy', { content: 'a word' })]);
    await eventually('it is counted', async () => (await derived('busy'))?.left === 1);
    await eventually('the lag shows', () => (follower.lags.get(SHARD)?.get('search') ?? 0) > 0.5);
    expect((await derived('busy'))?.found).toBe(0);
    backlog = false;
    await eventually('it is indexed', async () => (await derived('busy'))?.found === 1);
    await follower.stop();
  });

  it('put search off no longer than they may', async () => {
    const follower = await start(['simple'], () => true, 1);
    const began = performance.now();
    await feed.write([earlierCreation('overdue', { content: 'a word' })]);
    await eventually('it is indexed', async () => (await derived('overdue'))?.found === 1);
    expect(performance.now() - began).toBeGreaterThan(900);
    await follower.stop();
  });

  it('show how long a transaction that stays open has held them back', async () => {
    const follower = await start();
    const other = await feed.openRouter();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let open = false;
    const transaction = other.onPrimary(SHARD, (scope) =>
      scope.transaction(async () => {
        await scope.query('SELECT pg_current_xact_id()');
        open = true;
        await ended;
      }),
    );
    try {
      await eventually('a transaction is open', () => open);
      await feed.write([earlierCreation('held', { content: 'a word' })]);
      await eventually('the lag shows', () => (follower.lags.get(SHARD)?.get('counts') ?? 0) > 0.5);
      expect((await derived('held'))?.left).toBeNull();
    } finally {
      end();
      await transaction;
    }
    await eventually('it is counted', async () => (await derived('held'))?.left === 1);
    await follower.stop();
  });

  it('go on with what they can, and say what they cannot', async () => {
    const follower = await start(['simple', 'klingon']);
    await feed.write([earlierCreation('partly', { content: 'a word' })]);
    await eventually('it is counted', async () => (await derived('partly'))?.left === 1);
    await eventually('it is said', () => warnings.some((warning) => warning.includes('change feed')));
    expect((await derived('partly'))?.found).toBe(0);
    await eventually('the lag shows', () => (follower.lags.get(SHARD)?.get('search') ?? 0) > 0);
    await follower.stop();
    const repaired = await start(['simple', 'english']);
    await eventually('it is indexed', async () => (await derived('partly'))?.found === 1);
    await repaired.stop();
    expect(await feed.database.query(`SELECT languages FROM feed_cursors WHERE name = 'search'`)).toEqual([
      { languages: ['simple', 'english'] },
    ]);
  });
});
