import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import { uuidV7, type Command, type CreatePost } from '@spillway/contracts';
import { sqlState, type Router } from '@spillway/database';
import { eventually, watchLeaks, type LeakCheck } from '@spillway/testing';
import { deletion, earlierCreation, edit } from '../spec/commands.js';
import { SHARD } from '../spec/writer-fixture.js';
import { COUNTS } from './count-changes.js';
import type { Derivation, Stretch } from './derivation.js';
import { feedFixture, type FeedFixture } from './feed.fixture.js';
import { feedStep } from './feed-step.js';
import { searchIn } from './index-changes.js';

const SEARCH = searchIn(['simple', 'english']);

describe('the leader of the change feed', () => {
  let leaks: LeakCheck;
  let feed: FeedFixture;
  let router: Router;
  let tenant: string;
  let tenants = 0;

  beforeAll(async () => {
    leaks = watchLeaks();
    feed = await feedFixture('leader');
    router = await feed.openRouter('spec leader');
  });
  afterAll(async () => {
    await feed.close();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    tenant = `t${++tenants}`;
  });

  /** Steps until everything committed so far is derived. */
  const catchUp = async (by: Router = router, derivations: readonly Derivation[] = [COUNTS, SEARCH]) => {
    const [now] = await feed.database.query<{ xid: string }>(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid`,
    );
    for (const derivation of derivations)
      await eventually(
        `${derivation.cursor} is done`,
        async () => {
          await feedStep(by, SHARD, derivation);
          const [at] = await feed.database.query<{ done: boolean }>(
            'SELECT xid >= $2::xid8 AS done FROM feed_cursors WHERE name = $1',
            [derivation.cursor, now?.xid],
          );
          // A transaction of another database of this server can hold the cursor back for a moment.
          return at?.done === true;
        },
        { everyMs: 5, deadlineMs: 20_000 },
      );
  };
  /** What the tables of posts themselves say, and what was derived, in the same form. */
  const compare = async (where: string, edits: number) => {
    const [real] = await feed.database.query<{ posts: object }>(
      `SELECT json_build_object(
         'created', count(*), 'deleted', count(deleted_by), 'edited', $2::int,
         'hours', (SELECT json_agg(h ORDER BY h.hour) FROM (
           SELECT date_trunc('hour', uuid7_time(id), 'UTC') AS hour, count(*) AS created, count(deleted_by) AS deleted
           FROM posts WHERE tenant_id = $1 GROUP BY 1) h),
         'tags', (SELECT json_agg(t ORDER BY t.tag) FROM (
           SELECT tag, count(*) AS posts FROM post_tags WHERE tenant_id = $1 GROUP BY 1) t),
         'replies', (SELECT json_agg(r ORDER BY r.reply_to) FROM (
           SELECT reply_to, count(*) AS replies FROM posts
           WHERE tenant_id = $1 AND reply_to IS NOT NULL AND deleted_by IS NULL GROUP BY 1) r),
         'words', (SELECT json_agg(w ORDER BY w.id) FROM (
           SELECT id, (to_tsvector('simple', content) || to_tsvector('english', content))::text AS tsv
           FROM posts WHERE tenant_id = $1 AND deleted_by IS NULL) w)) AS posts
       FROM posts WHERE tenant_id = $1`,
      [where, edits],
    );
    const [derived] = await feed.database.query<{ posts: object }>(
      `SELECT json_build_object(
         'created', coalesce(sum(created), 0), 'deleted', coalesce(sum(deleted), 0), 'edited', coalesce(sum(edited), 0),
         'hours', (SELECT json_agg(h ORDER BY h.hour) FROM (
           SELECT hour, created, deleted FROM stats_hourly WHERE tenant_id = $1) h),
         'tags', (SELECT json_agg(t ORDER BY t.tag) FROM (SELECT tag, posts FROM tag_counts WHERE tenant_id = $1) t),
         'replies', (SELECT json_agg(r ORDER BY r.reply_to) FROM (
           SELECT post_id AS reply_to, replies FROM reply_counts WHERE tenant_id = $1 AND replies <> 0) r),
         'words', (SELECT json_agg(w ORDER BY w.id) FROM (
           SELECT id, tsv::text AS tsv FROM post_search WHERE tenant_id = $1) w)) AS posts
       FROM stats_totals WHERE tenant_id = $1`,
      [where],
    );
    expect(derived).toEqual(real);
    const [hourly] = await feed.database.query(
      `SELECT coalesce(sum(replies), 0)::int AS hourly,
              (SELECT coalesce(sum(replies), 0)::int FROM reply_counts WHERE tenant_id = $1) AS total
       FROM replies_hourly WHERE tenant_id = $1`,
      [where],
    );
    expect(hourly?.['hourly']).toBe(hourly?.['total']);
  };

  it('counts and indexes exactly what happened, whatever came, in any order, at any time of looking', async () => {
    const action = fc.record({
      kind: fc.constantFrom('create', 'edit', 'edit', 'delete', 'again'),
      post: fc.nat(11),
      after: fc.integer({ min: 1, max: 9 }),
      tags: fc.subarray(['a', 'b', 'c']),
      word: fc.constantFrom('flood', 'the rivers', 'Überflutung'),
      step: fc.boolean(),
    });
    const once = { ...COUNTS, rowsAtOnce: 3 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(action, { maxLength: 6 }), { maxLength: 12 }), async (batches) => {
        const name = `p${++tenants}`;
        const parent = uuidV7(Date.now() - 7_200_000);
        const posts = Array.from({ length: 12 }, (_, n) =>
          earlierCreation(
            name,
            {
              content: `post ${n}`,
              tags: n % 2 ? ['a', 'd'] : [],
              ...(n % 3 ? { replyTo: n % 4 ? parent : uuidV7() } : {}),
            },
            Date.now() - 600_000 * (n + 1),
          ),
        );
        let edits = 0;
        const sent: Command[] = [];
        for (const batch of batches) {
          const commands = batch.map(({ kind, post: n, after, tags, word }): Command => {
            const post = posts[n] ?? earlierCreation(name);
            if (kind === 'create') return post;
            if (kind === 'edit') return edit(post, after, after % 2 ? { tags } : { content: word, tags });
            if (kind === 'delete') return deletion(post, after);
            return sent[(after * 7 + n) % (sent.length || 1)] ?? post;
          });
          sent.push(...commands);
          const results = await feed.write(commands);
          results.forEach((result, n) => {
            if (result === 'committed' && commands[n]?.kind === 'post.edit') edits++;
          });
          if (batch[0]?.step) await feedStep(router, SHARD, once);
          if (batch[1]?.step) await feedStep(router, SHARD, SEARCH);
        }
        await feed.write([earlierCreation(name)]);
        await catchUp(router, [once, SEARCH]);
        await compare(name, edits);
      }),
      { numRuns: 25 },
    );
  });

  it('takes whole transactions, a bounded number of rows at a time', async () => {
    const small = { ...COUNTS, rowsAtOnce: 10 };
    await catchUp();
    for (let n = 0; n < 4; n++) await feed.write(Array.from({ length: 6 }, () => earlierCreation(tenant)));
    const created = async () => {
      const rows = await feed.database.query<{ n: number }>(
        'SELECT created::int AS n FROM stats_totals WHERE tenant_id = $1',
        [tenant],
      );
      return rows[0]?.n ?? 0;
    };
    const seen = new Set<number>();
    await eventually('all are counted', async () => {
      await feedStep(router, SHARD, small);
      seen.add(await created());
      return seen.has(24);
    });
    expect([...seen].filter((n) => n % 6 !== 0)).toEqual([]);
    expect(seen.size).toBeGreaterThan(2);
    await feed.write(Array.from({ length: 30 }, () => earlierCreation(tenant)));
    await catchUp(router, [small]);
    expect(await created()).toBe(54);
  });

  it('counts a transaction that commits late, and never before it', async () => {
    const late = new Client({ connectionString: feed.database.urlOf('writer') });
    await late.connect();
    await late.query('BEGIN');
    await late.query(`INSERT INTO post_changes (tenant_id, post_id, created) VALUES ($1, $2, true)`, [
      tenant,
      uuidV7(),
    ]);
    await feed.write([earlierCreation(tenant)]);
    for (let n = 0; n < 3; n++) await feedStep(router, SHARD, COUNTS);
    const counted = () =>
      feed.database.query('SELECT created::int FROM stats_totals WHERE tenant_id = $1', [tenant]);
    expect(await counted()).toEqual([]);
    await late.query('COMMIT');
    await late.end();
    await catchUp(router, [COUNTS]);
    expect(await counted()).toEqual([{ created: 2 }]);
  });

  it('killed in the middle of a step has done nothing, and the next one does it once', async () => {
    await catchUp();
    await feed.write([earlierCreation(tenant, { tags: ['a'] })]);
    const holder = new Client({ connectionString: feed.database.urlOf('postgres') });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE tag_counts IN EXCLUSIVE MODE');
    const victim = await feed.openRouter('spec killed');
    let over = false;
    // It finds nothing while any transaction of the server is open, and gives up a lock after a while.
    const steps = async (): Promise<string> => {
      while (!over) {
        try {
          await feedStep(victim, SHARD, COUNTS);
        } catch (error) {
          if (sqlState(error) !== '55P03') return 'killed';
        }
      }
      return 'never killed';
    };
    const ended = steps();
    try {
      await eventually('it waits in the middle, and is killed', async () => {
        const rows = await feed.database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = $1 AND application_name = 'spec killed' AND wait_event_type = 'Lock'`,
          [feed.database.name],
        );
        return rows.length > 0;
      });
      expect(await ended).toBe('killed');
    } finally {
      over = true;
      await holder.end();
      await ended;
    }
    await catchUp();
    await compare(tenant, 0);
  });

  it('is one, however many try: nothing is counted twice', async () => {
    const others = await Promise.all([1, 2, 3].map(() => feed.openRouter()));
    const posts: CreatePost[] = [];
    let writing = true;
    const leading = [router, ...others].map(async (by) => {
      const results: string[] = [];
      while (writing)
        for (const d of [{ ...COUNTS, rowsAtOnce: 7 }, SEARCH]) results.push(await feedStep(by, SHARD, d));
      return results;
    });
    for (let round = 0; round < 15; round++) {
      const some = Array.from({ length: 10 }, () => earlierCreation(tenant, { tags: ['x'] }));
      posts.push(...some);
      await feed.write([...some, ...posts.slice(0, 3).map((post) => deletion(post, round + 1))]);
    }
    writing = false;
    const results = (await Promise.all(leading)).flat();
    expect(results).toContain('follows');
    await catchUp();
    await compare(tenant, 0);
  });

  it('takes whole transactions in their order as numbers, where they gain a digit', async () => {
    await catchUp();
    const cursor = async (xid: string): Promise<string> => {
      const [row] = await feed.database.query<{ xid: string }>(
        `UPDATE feed_cursors c SET xid = $1::xid8 FROM feed_cursors old
         WHERE c.name = 'search' AND old.name = 'search' RETURNING old.xid::text AS xid`,
        [xid],
      );
      return row?.xid ?? '0';
    };
    await feed.database.query(
      `INSERT INTO post_changes (tenant_id, xid, post_id)
       SELECT $1, n::text::xid8, gen_random_uuid() FROM unnest(ARRAY[98, 98, 99, 100, 100, 100, 101]) AS n`,
      [tenant],
    );
    const before = await cursor('90');
    try {
      const seen: Stretch[] = [];
      const derive = (_: unknown, stretch: Stretch): Promise<void> => {
        seen.push(stretch);
        return Promise.resolve();
      };
      for (let step = 0; step < 3; step++)
        expect(
          await feedStep(router, SHARD, { cursor: 'search', putOffSeconds: 0, rowsAtOnce: 2, derive }),
        ).toBe('more');
      expect(seen).toEqual([
        { from: '90', to: '99' },
        { from: '99', to: '100' },
        { from: '100', to: '101' },
      ]);
    } finally {
      await cursor(before);
    }
  });

  it('after a promotion says where the feed begins to differ: where it stood, before it moves on', async () => {
    await catchUp();
    const [at] = await feed.database.query<{ xid: string }>(
      `SELECT xid::text FROM feed_cursors WHERE name = 'counts'`,
    );
    // As a promoted server finds it: the timelines before its own are those that were recorded.
    await feed.database.query('UPDATE feed_timelines SET timeline = timeline - 1');
    await feed.write([earlierCreation(tenant)]);
    await catchUp();
    const recorded = await feed.database.query(
      'SELECT timeline, from_xid::text FROM feed_timelines ORDER BY timeline DESC LIMIT 1',
    );
    expect(recorded).toEqual([{ timeline: 1, from_xid: at?.xid }]);
    await feed.write([earlierCreation(tenant)]);
    await catchUp();
    expect(await feed.database.query('SELECT FROM feed_timelines')).toHaveLength(2);
    await compare(tenant, 0);
  });
});
