import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import type { Router } from '@spillway/database';
import { connectPostgres, eventually, notYet, watchLeaks, type LeakCheck } from '@spillway/testing';
import { deletion, earlierCreation } from '../spec/commands.js';
import { SHARD } from '../spec/writer-fixture.js';
import { COUNTS } from './count-changes.js';
import { feedFixture, type FeedFixture } from './feed.fixture.js';
import { feedStep } from './feed-step.js';
import { searchIn } from './index-changes.js';

const SCRIPTS = new URL('../../../../deploy/postgres/feed/', import.meta.url);

describe('what an operator tells the change feed', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  let router: Router;

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('told');
    router = await feed.openRouter();
  });
  afterAll(async () => {
    await feed.close();
    await leaks.expectNoLeaks();
  });

  const run = async (script: string): Promise<void> => {
    const owner = await connectPostgres(feed.database.urlOf('postgres'));
    try {
      await owner.query(readFileSync(new URL(script, SCRIPTS), 'utf8'));
    } finally {
      await owner.end();
    }
  };
  /** Steps until everything told so far is derived. */
  const derive = (languages = ['simple']) =>
    eventually('everything is derived', async () => {
      for (const derivation of [COUNTS, searchIn(languages)]) await feedStep(router, SHARD, derivation);
      const behind = await feed.database.query(
        `SELECT c.name FROM feed_cursors c
         WHERE c.name <> 'purged' AND EXISTS (SELECT FROM post_changes p WHERE p.xid >= c.xid)`,
      );
      return behind.length === 0 || notYet(behind);
    });
  const derived = async (tenant: string, word: string) => {
    const [row] = await feed.database.query(
      `SELECT (SELECT count(*)::int FROM post_search WHERE tenant_id = $1 AND tsv @@ $2::tsquery) AS found,
              (SELECT array[created, edited, deleted]::int[] FROM stats_totals WHERE tenant_id = $1) AS totals,
              (SELECT json_object_agg(tag, posts) FROM tag_counts WHERE tenant_id = $1) AS tags,
              (SELECT sum(replies)::int FROM reply_counts WHERE tenant_id = $1) AS replies`,
      [tenant, word],
    );
    return row;
  };

  it('indexes posts anew in the languages of now, and counts nothing again', async () => {
    const posts = Array.from({ length: 1_100 }, () =>
      earlierCreation('anew', { content: 'two rivers', tags: ['a'], replyTo: uuidV7() }),
    );
    const gone = earlierCreation('anew', { content: 'two rivers' });
    await feed.write([...posts, gone]);
    await feed.write([deletion(gone, 1)]);
    await derive();
    const counted = { totals: [1_101, 0, 1], tags: { a: 1_100 }, replies: 1_100 };
    await derive(['simple', 'english']);
    expect(await derived('anew', 'river')).toEqual({ found: 0, ...counted });
    await run('index-again.sql');
    await derive(['simple', 'english']);
    expect(await derived('anew', 'river')).toEqual({ found: 1_100, ...counted });
  }, 60_000);

  it('has posts that were loaded without it, once, beside those that came by it', async () => {
    const [known, waits] = [1, 2].map(() => earlierCreation('loaded', { content: 'a word', tags: ['a'] }));
    if (!known || !waits) throw new Error('two posts are made');
    await feed.write([known]);
    await derive();
    await feed.database.query(
      `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags, tags_version, command_id, reply_to)
       SELECT 'loaded', id, 'alice', 'a word', id, ARRAY['a', 'b'], id, id, gen_random_uuid() FROM unnest($1::uuid[]) AS id`,
      [Array.from({ length: 1_100 }, () => uuidV7(Date.now() - 5_000))],
    );
    await feed.write([waits]);
    for (let n = 0; n < 2; n++) {
      await run('tell-loaded.sql');
      await run('tell-loaded.sql');
      await derive();
      expect(await derived('loaded', 'word')).toEqual({
        ...{ found: 1_102, totals: [1_102, 0, 0] },
        ...{ tags: { a: 1_102, b: 1_100 }, replies: 1_100 },
      });
    }
  }, 60_000);
});
