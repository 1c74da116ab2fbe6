import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import {
  createSpecDatabase,
  eventually,
  notYet,
  watchLeaks,
  type LeakCheck,
  type SpecDatabase,
} from '@spillway/testing';
import { migrate } from './migrate.js';

const DENIED = '42501';
const DERIVED = [
  'post_search',
  'stats_hourly',
  'stats_totals',
  'reply_counts',
  'replies_hourly',
  'tag_counts',
];
const SPAN = 2 ** 24;

describe('the change feed', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let writer: Client;
  let reader: Client;

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('feed');
    await migrate(database.urlOf('migrator'));
    writer = await open(database.urlOf('writer'));
    reader = await open(database.urlOf('reader'));
  });
  afterAll(async () => {
    await Promise.all([writer.end(), reader.end()]);
    await database.drop();
    await leaks.expectNoLeaks();
  });

  const change = (client: Client, tenant: string, postId = uuidV7()) =>
    client.query(`INSERT INTO post_changes (tenant_id, post_id, created) VALUES ($1, $2, true)`, [
      tenant,
      postId,
    ]);
  const asTenant = async <T>(tenant: string, fn: () => Promise<T>): Promise<T> => {
    await reader.query('BEGIN READ ONLY');
    await reader.query(`SELECT set_config('app.tenant', $1, true)`, [tenant]);
    try {
      return await fn();
    } finally {
      await reader.query('ROLLBACK');
    }
  };
  const idsOf = async (text: string, values: readonly unknown[] = []): Promise<string[]> =>
    (await reader.query<{ id: string }>(text, [...values])).rows.map(({ id }) => id);

  it('has partitions for the transactions to come, made once however many ask', async () => {
    const partitions = () =>
      database.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'post_changes'::regclass`,
      );
    const before = await partitions();
    expect(before.length).toBeGreaterThanOrEqual(3);
    for (let n = 0; n < 3; n++)
      expect((await writer.query('SELECT ensure_change_partitions() AS made')).rows).toEqual([
        { made: false },
      ]);
    expect(await partitions()).toEqual(before);
    const gone = before
      .map(({ name }) => name)
      .sort()
      .at(-1);
    await database.query(`DROP TABLE ${gone}`);
    expect((await writer.query('SELECT ensure_partitions(now()) AS made')).rows).toEqual([{ made: true }]);
    expect(await partitions()).toHaveLength(before.length);
  });

  it('keeps one row for what a transaction did to a post', async () => {
    const id = uuidV7();
    await writer.query('BEGIN');
    await change(writer, 'once', id);
    expect(await stateOf(change(writer, 'once', id))).toBe('23505');
    await writer.query('ROLLBACK');
    await change(writer, 'once', id);
    await change(writer, 'once', id);
    const rows = await database.query(`SELECT FROM post_changes WHERE tenant_id = 'once'`);
    expect(rows).toHaveLength(2);
  });

  it('shows nothing behind a cursor: a commit that comes late is read in its place', async () => {
    const late = await open(database.urlOf('writer'));
    const seen: string[] = [];
    let cursor = { xid: '0', post: '00000000-0000-0000-0000-000000000000' };
    const follow = () =>
      asTenant('late', async () => {
        const { rows } = await reader.query<{ xid: string; id: string }>(
          `SELECT xid::text, post_id AS id FROM post_changes
           WHERE tenant_id = 'late' AND xid >= $1::xid8 AND (xid, post_id) > ($1::xid8, $2::uuid)
             AND xid < pg_snapshot_xmin(pg_current_snapshot())
           ORDER BY xid, post_id LIMIT 100`,
          [cursor.xid, cursor.post],
        );
        for (const { xid, id } of rows) {
          seen.push(id);
          cursor = { xid, post: id };
        }
      });
    /** Other transactions of the server hold the feed back as well, while they are open. */
    const followTo = (count: number) =>
      eventually('the feed shows its next changes', async () => {
        await follow();
        return seen.length >= count || notYet(seen);
      });
    const [first, second, third] = [uuidV7(), uuidV7(), uuidV7()];
    await change(writer, 'late', first);
    await late.query('BEGIN');
    await change(late, 'late', second);
    await change(writer, 'late', third);
    await followTo(1);
    expect(seen).toEqual([first]);
    await late.query('COMMIT');
    await late.end();
    await followTo(3);
    expect(seen).toEqual([first, second, third]);
  });

  it('shows the reader one tenant, without tags, and what is derived likewise', async () => {
    await change(writer, 'blue');
    await change(writer, 'red');
    for (const tenant of ['blue', 'red']) {
      const id = uuidV7();
      await writer.query(`INSERT INTO post_search VALUES ($1, $2, 'word')`, [tenant, id]);
      await writer.query(`INSERT INTO stats_hourly VALUES ($1, now(), 1, 1, 1)`, [tenant]);
      await writer.query(`INSERT INTO stats_totals VALUES ($1, 1, 1, 1)`, [tenant]);
      await writer.query(`INSERT INTO reply_counts VALUES ($1, $2, 1, now())`, [tenant, id]);
      await writer.query(`INSERT INTO replies_hourly VALUES ($1, now(), $2, 1)`, [tenant, id]);
      await writer.query(`INSERT INTO tag_counts VALUES ($1, 'news', 1)`, [tenant]);
    }
    const tenantsIn = (table: string) => idsOf(`SELECT tenant_id AS id FROM ${table}`);
    for (const table of ['post_changes', ...DERIVED]) {
      expect([table, await asTenant('blue', () => tenantsIn(table))]).toEqual([table, ['blue']]);
      expect([table, await tenantsIn(table)]).toEqual([table, []]);
    }
    expect(await stateOf(reader.query('SELECT tags_removed FROM post_changes'))).toBe(DENIED);
    expect((await reader.query('SELECT name FROM feed_cursors')).rowCount).toBe(3);
  });

  it('lets neither writer nor reader change what is not theirs', async () => {
    for (const statement of [
      'DELETE FROM post_changes',
      'TRUNCATE post_changes',
      'DELETE FROM feed_timelines',
    ])
      expect([statement, await stateOf(writer.query(statement))]).toEqual([statement, DENIED]);
    await reader.query('SET default_transaction_read_only = off');
    for (const statement of [
      `UPDATE feed_cursors SET xid = '1'`,
      'DELETE FROM tag_counts',
      'SELECT ensure_change_partitions()',
      `SELECT purge_changes(now() - interval '8 days')`,
    ])
      expect([statement, await stateOf(reader.query(statement))]).toEqual([statement, DENIED]);
  });

  it('finds posts by their words, of one tenant, newest first, by the index', async () => {
    const ids = Array.from({ length: 5 }, (_, n) => uuidV7(Date.now() - 1_000 * n));
    for (const [n, id] of ids.entries())
      await writer.query(`INSERT INTO post_search VALUES ($1, $2, to_tsvector('simple', $3))`, [
        n === 2 ? 'other' : 'words',
        id,
        n === 3 ? 'a rare pearl' : 'the flood rises',
      ]);
    const search = (q: string) =>
      idsOf(`SELECT search_posts(search_query($1), $2, $3, 10) AS id`, [
        q,
        uuidV7(Date.now() - 60_000),
        uuidV7(Date.now() + 60_000),
      ]);
    expect(await asTenant('words', () => search('flood'))).toEqual([ids[0], ids[1], ids[4]]);
    expect(await asTenant('words', () => search('"rare pearl" -flood'))).toEqual([ids[3]]);
    expect(await asTenant('', () => search('flood'))).toEqual([]);
    await database.query(
      `INSERT INTO post_search SELECT 'words', uuid7_at(now()), to_tsvector('simple', 'filler ' || n) FROM generate_series(1, 3000) AS n`,
    );
    await database.query('ANALYZE post_search');
    const plan = await database.query(
      `EXPLAIN SELECT id FROM post_search WHERE tenant_id = 'words' AND tsv @@ 'pearl' AND id >= '${uuidV7(Date.now() - 60_000)}'`,
    );
    expect(JSON.stringify(plan)).toMatch(/Index Cond: \(\(tenant_id = 'words'::text\) AND \(tsv @@/);
  });

  it('is purged by age, never what is not yet counted, and says up to where', async () => {
    const [now] = await database.query<{ n: number }>(
      `SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint / ${SPAN})::int AS n`,
    );
    const next = (now?.n ?? 0) + 1;
    const purge = async (): Promise<number> => {
      const { rows } = await writer.query<{ n: number }>(
        `SELECT purge_changes(now() - interval '7 days') AS n`,
      );
      return rows[0]?.n ?? -1;
    };
    await database.query(`UPDATE feed_cursors SET xid = $1::text::xid8 WHERE name = 'purged'`, [next * SPAN]);
    for (const [n, days] of [
      [0, 9],
      [1, 6],
    ] as const)
      await database.query(
        `INSERT INTO post_changes (tenant_id, xid, post_id, created, at)
         VALUES ('old', $1::text::xid8, $2, true, now() - make_interval(days => $3))`,
        [(next + n) * SPAN + 5, uuidV7(), days],
      );
    expect(await purge()).toBe(0);
    await database.query(`UPDATE feed_cursors SET xid = $1::text::xid8 WHERE name <> 'purged'`, [
      (next + 2) * SPAN,
    ]);
    expect(await purge()).toBe(1);
    expect(await purge()).toBe(0);
    expect(await database.query(`SELECT FROM post_changes WHERE tenant_id = 'old'`)).toHaveLength(1);
    expect(await database.query(`SELECT xid::text FROM feed_cursors WHERE name = 'purged'`)).toEqual([
      { xid: String((next + 1) * SPAN) },
    ]);
    expect(await stateOf(writer.query('SELECT purge_changes(now())'))).toBe('22023');
  });

  it('has a place for the words of every month that has posts', async () => {
    const [counts] = await database.query<{ posts: number; search: number }>(
      `SELECT count(*) FILTER (WHERE inhparent = 'posts'::regclass)::int AS posts,
              count(*) FILTER (WHERE inhparent = 'post_search'::regclass)::int AS search FROM pg_inherits`,
    );
    expect(counts?.search).toBe(counts?.posts);
    expect(counts?.posts).toBeGreaterThanOrEqual(5);
  });
});

async function open(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** SQLSTATE of a failure, or `done`. */
async function stateOf(statement: Promise<unknown>): Promise<string> {
  try {
    await statement;
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
