import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7, uuidV7Floor } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import type { ReadScope } from '@spillway/database/read';
import { createSpecDatabase, watchLeaks, type LeakCheck, type SpecDatabase } from '@spillway/testing';
import { findPosts } from './find-posts.js';
import type { PostFilter } from './post-filter.js';
import { selectEach } from './select-posts.js';

const TENANT = 'acme';
const MONTHS = 24;
const POSTS = 30_000;
/** Of them, so many are of this moment: the newest partition is no small one on the first of a month either. */
const NEWEST = 3_000;
const DAY_MS = 24 * 3600_000;
const LOCKS_MAX = 16;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** A statement as it was sent, with its plan and the relation locks it took. */
interface Seen {
  readonly text: string;
  readonly nodes: readonly Plan[];
  readonly partitions: ReadonlySet<string>;
  readonly locks: number;
}

/** With two years of posts, so that a plan that touches everything shows. */
describe('the plans of reads', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let reader: Client;
  let someId = '';

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('plans');
    await migrate(database.urlOf('migrator'));
    await database.query(
      `SELECT ensure_partitions(now() - make_interval(months => m)) FROM generate_series(0, $1::int) AS m`,
      [MONTHS],
    );
    const now = Date.now();
    const ids = Array.from({ length: POSTS }, (_, n) =>
      uuidV7(now - Math.floor((Math.max(0, n - NEWEST) / (POSTS - NEWEST)) * (MONTHS - 1) * 30) * DAY_MS - n),
    );
    someId = ids[100] ?? '';
    await database.query(
      `INSERT INTO posts (tenant_id, id, author_id, channel_id, reply_to, content, content_version, tags, tags_version, command_id)
       SELECT CASE WHEN n % 3 = 0 THEN 'other' ELSE $2 END, id, 'author-' || n % 40, 'channel-' || n % 20,
              CASE WHEN n % 5 = 0 THEN $3::uuid END, 'text', id, ARRAY['tag-' || n % 30], id, id
       FROM unnest($1::uuid[]) WITH ORDINALITY AS u(id, n)`,
      [ids, TENANT, someId],
    );
    await database.query(
      'INSERT INTO post_tags (tenant_id, tag, post_id) SELECT tenant_id, unnest(tags), id FROM posts',
    );
    await database.query('ANALYZE posts, post_tags');
    reader = new Client({ connectionString: database.urlOf('reader') });
    await reader.connect();
  }, 60_000);
  afterAll(async () => {
    await reader.end();
    await database.drop();
    await leaks.expectNoLeaks();
  });

  /** Runs a statement as a reader does, and looks at what it did. */
  const look = async (
    text: string,
    parameters: readonly unknown[],
  ): Promise<{ seen: Seen; rows: unknown[] }> => {
    await reader.query('BEGIN READ ONLY');
    await reader.query(`SELECT set_config('app.tenant', $1, true)`, [TENANT]);
    const { rows } = await reader.query<Record<string, unknown>>(text, [...parameters]);
    const locks = await reader.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
       WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relnamespace = 'public'::regnamespace`,
    );
    const explained = await reader.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
      [...parameters],
    );
    await reader.query('COMMIT');
    const nodes = flat(explained.rows[0]?.['QUERY PLAN'][0].Plan);
    const partitions = new Set(nodes.flatMap((node) => monthOf(node['Relation Name'] ?? '')));
    return { seen: { text, nodes, partitions, locks: locks.rows[0]?.n ?? 0 }, rows };
  };
  const statementsIn = async (read: (scope: ReadScope) => Promise<unknown>): Promise<Seen[]> => {
    const seen: Seen[] = [];
    let turn: Promise<unknown> = Promise.resolve();
    const scope = {
      query: async <Row>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> => {
        const one = turn.then(() => look(text, parameters));
        turn = one;
        seen.push((await one).seen);
        return (await one).rows as Row[];
      },
      select: () => {
        throw new Error('lists are written out as statements');
      },
      seenPosition: () => Promise.reject(new Error('nobody asks')),
    };
    await read(scope);
    return seen;
  };
  const statementsOf = (filter: Omit<PostFilter, 'tenant'>, limit = 20, before?: string): Promise<Seen[]> =>
    statementsIn((scope) =>
      findPosts(scope, { filter: { tenant: TENANT, ...filter }, before, limit, now: Date.now() }),
    );
  const sound = (seen: Seen): void => {
    const kinds = seen.nodes.map((node) => node['Node Type']);
    const about = { text: seen.text.replace(/\s+/g, ' ').slice(0, 120), kinds };
    expect({ ...about, scans: kinds.filter((kind) => kind === 'Seq Scan') }).toEqual({ ...about, scans: [] });
    // What was asked for by a list of ids is sorted: it is no more than the list.
    const byIds = seen.text.includes('id = ANY(');
    const sorts = seen.nodes.filter(
      (node) =>
        node['Node Type'].includes('Sort') && flat(node).some((n) => n['Node Type'].includes('Append')),
    ).length;
    expect({ ...about, sorts: byIds ? 0 : sorts }).toEqual({ ...about, sorts: 0 });
  };
  const narrow = (seen: Seen): void => {
    sound(seen);
    expect({
      text: seen.text,
      partitions: seen.partitions.size <= 2 ? 'two at most' : [...seen.partitions],
    }).toEqual({
      text: seen.text,
      partitions: 'two at most',
    });
    expect({ text: seen.text, locks: seen.locks <= LOCKS_MAX ? 'few' : seen.locks }).toEqual({
      text: seen.text,
      locks: 'few',
    });
  };

  const filters: readonly [string, () => Omit<PostFilter, 'tenant'>][] = [
    ['all', () => ({})],
    ['an author', () => ({ authorId: 'author-1' })],
    ['a channel', () => ({ channelId: 'channel-1' })],
    ['replies', () => ({ replyTo: someId })],
    ['a tag', () => ({ tag: 'tag-1' })],
    ['an author in a channel', () => ({ authorId: 'author-1', channelId: 'channel-1' })],
    ['a tag of an author', () => ({ authorId: 'author-1', tag: 'tag-1' })],
  ];

  it.each(filters)('a page that is full: %s', async (_name, filter) => {
    const seen = await statementsOf(filter(), 3);
    expect(seen.length).toBeGreaterThan(0);
    for (const one of seen.slice(0, -1)) narrow(one);
    for (const one of seen.slice(-1)) sound(one);
  });

  it.each(filters.slice(0, 5))(
    'a first page needs nothing but the newest partitions: %s',
    async (_name, filter) => {
      for (const one of await statementsOf(filter(), 3)) narrow(one);
    },
  );

  it.each(filters)('a page that must go back to the beginning: %s', async (_name, filter) => {
    const before = uuidV7Floor(Date.now() - 400 * DAY_MS);
    for (const one of await statementsOf(filter(), 500, before)) sound(one);
  });

  it('one post by its id', async () => {
    const { seen, rows } = await look(
      'SELECT * FROM posts WHERE tenant_id = $1 AND id = $2 AND deleted_by IS NULL',
      [TENANT, someId],
    );
    expect(rows).toHaveLength(1);
    narrow(seen);
    expect(seen.partitions.size).toBe(1);
  });

  it('posts by their ids, of any months, as changes, top and search name them', async () => {
    const all = await database.query<{ id: string }>(
      `SELECT id FROM posts WHERE tenant_id = $1 ORDER BY id DESC`,
      [TENANT],
    );
    const ids = all.filter((_, n) => n % Math.ceil(all.length / 40) === 0).map(({ id }) => id);
    let found: readonly { readonly id: string }[] = [];
    const seen = await statementsIn(async (scope) => (found = await selectEach(scope, TENANT, ids)));
    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(seen.length).toBeGreaterThan(5);
    for (const one of seen) narrow(one);
  });

  it('the guard bites: without a lower bound, and without an index', async () => {
    const unbounded = await look('SELECT id FROM posts WHERE tenant_id = $1 ORDER BY id DESC LIMIT 5', [
      TENANT,
    ]);
    expect(unbounded.seen.locks).toBeGreaterThan(LOCKS_MAX);
    const unindexed = await look(`SELECT id FROM posts WHERE content = $1`, ['text']);
    expect(() => sound(unindexed.seen)).toThrow();
    const sorted = await look('SELECT id FROM posts WHERE tenant_id = $1 ORDER BY content LIMIT 5', [TENANT]);
    expect(() => sound(sorted.seen)).toThrow();
  });
});

/** `posts_202611` and `post_tags_202611` are of the same month; what is not partitioned by month is of none. */
const monthOf = (relation: string): string[] => /_(\d{6})$/.exec(relation)?.slice(1) ?? [];

const flat = (plan: Plan | undefined): Plan[] =>
  plan === undefined ? [] : [plan, ...(plan.Plans ?? []).flatMap(flat)];
