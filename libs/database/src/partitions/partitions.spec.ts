import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import {
  createSpecDatabase,
  eventually,
  watchLeaks,
  type LeakCheck,
  type SpecDatabase,
} from '@spillway/testing';
import { migrate } from '../migrate.js';
import { detachPartitions, type DetachOptions } from './detach-partitions.js';
import { listPartitions } from './list-partitions.js';
import { withOwner } from './with-owner.js';

const TABLES = ['post_search', 'post_tags', 'posts'];
const MONTH = '201905';
const OLD = Date.UTC(2019, 4, 14);

describe('partitions', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let writer: Client;

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('partitions');
    await migrate(database.urlOf('migrator'));
    writer = new Client({ connectionString: database.urlOf('writer') });
    await writer.connect();
  });
  afterAll(async () => {
    await writer.end();
    await database.drop();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => writer.query(`SELECT ensure_partitions('2019-05-01Z')`));

  const detach = (options: Partial<DetachOptions> = {}): Promise<string[]> =>
    withOwner(database.urlOf('migrator'), async (source) => {
      const steps: string[] = [];
      const all = { olderThan: 12, drop: false, dryRun: false, ...options };
      for await (const { action, table } of detachPartitions(source, all)) steps.push(`${action} ${table}`);
      return steps;
    });
  const ofMonth = async (): Promise<string[]> => {
    const all = await withOwner(database.urlOf('migrator'), listPartitions);
    return all.filter(({ month }) => month === '2019-05').map(({ table, state }) => `${table} ${state}`);
  };
  const insert = (at = OLD) => {
    const id = uuidV7(at);
    return writer.query(
      `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
       VALUES ('acme', $1, 'alice', 'old', $1, $1, $1)`,
      [id],
    );
  };

  it('are listed with their months and sizes', async () => {
    const all = await withOwner(database.urlOf('migrator'), listPartitions);
    expect(all.filter(({ month }) => month === '2019-05')).toEqual(
      TABLES.map((parent) => ({
        parent,
        table: `${parent}_${MONTH}`,
        month: '2019-05',
        state: 'attached',
        rows: 0,
        bytes: expect.any(Number),
      })),
    );
    expect(all.filter(({ parent }) => parent === 'post_changes').length).toBeGreaterThanOrEqual(3);
  });

  it('of old months are detached while others read and write, kept, and can be made again', async () => {
    await insert();
    expect(await detach({ dryRun: true })).toEqual(
      ['post_tags', 'post_search', 'posts'].map((parent) => `detach ${parent}_${MONTH}`),
    );
    expect(await ofMonth()).toEqual(TABLES.map((parent) => `${parent}_${MONTH} attached`));
    await writer.query('BEGIN');
    await insert(Date.now());
    const detaching = detach();
    await eventually('the detaching waits for the open transaction', async () => {
      const rows = await database.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'spillway partitions' AND wait_event_type = 'Lock' AND datname = $1`,
        [database.name],
      );
      return rows.length > 0;
    });
    await insert(Date.now());
    await writer.query('COMMIT');
    expect(await detaching).toHaveLength(3);
    expect(await ofMonth()).toEqual(TABLES.map((parent) => `${parent}_${MONTH}_detached detached`));
    await expect(insert()).rejects.toMatchObject({ code: '23514' });
    await writer.query(`SELECT ensure_partitions('2019-05-01Z')`);
    await insert();
    expect(await detach()).toHaveLength(3);
    expect(await ofMonth()).toEqual(
      TABLES.flatMap((parent) => ['', '_2'].map((n) => `${parent}_${MONTH}_detached${n} detached`)),
    );
    expect(await database.query(`SELECT FROM posts_${MONTH}_detached`)).toHaveLength(1);
  });

  it('are dropped only when that is said, with those that were kept', async () => {
    const steps = await detach({ drop: true });
    expect(steps.filter((step) => step.startsWith('drop posts')).sort()).toEqual(
      ['', '_2', '_3'].map((n) => `drop posts_${MONTH}_detached${n}`),
    );
    expect(await ofMonth()).toEqual([]);
    expect(await detach({ drop: true })).toEqual([]);
  });

  it('whose detaching was interrupted are completed by the next run', async () => {
    const owner = new Client({ connectionString: database.urlOf('migrator') });
    await owner.connect();
    await owner.query(`SET lock_timeout = '100ms'`);
    await writer.query('BEGIN');
    await insert(Date.now());
    await expect(
      owner.query(`ALTER TABLE posts DETACH PARTITION posts_${MONTH} CONCURRENTLY`),
    ).rejects.toMatchObject({ code: '55P03' });
    await writer.query('COMMIT');
    await owner.end();
    expect(await ofMonth()).toContain(`posts_${MONTH} detaching`);
    expect(await detach()).toContain(`finish detaching posts_${MONTH}`);
    expect(await ofMonth()).toEqual(TABLES.map((parent) => `${parent}_${MONTH}_detached detached`));
  });

  it('of the months that are kept stay, and one is always kept', async () => {
    await detach({ olderThan: 1, drop: true });
    const all = await withOwner(database.urlOf('migrator'), listPartitions);
    expect(all.filter(({ parent }) => parent === 'posts')).toHaveLength(5);
    await expect(detach({ olderThan: 0 })).rejects.toThrow('at least one whole month');
  });

  it('of the change feed go when they are empty for good', async () => {
    const [first] = await database.query<{ n: string }>(
      `SELECT (xid::text::bigint / 16777216 + 1)::text AS n FROM feed_cursors WHERE name = 'purged'`,
    );
    await database.query(`UPDATE feed_cursors SET xid = (($1::bigint + 1) * 16777216)::text::xid8`, [
      first?.n,
    ]);
    const steps = await detach({ olderThan: 1_200 });
    expect(steps).toContain(`detach post_changes_${first?.n}`);
    expect(steps.every((step) => step.includes('post_changes'))).toBe(true);
    const all = await withOwner(database.urlOf('migrator'), listPartitions);
    expect(all.some(({ table }) => table === `post_changes_${first?.n}`)).toBe(false);
  });
});
