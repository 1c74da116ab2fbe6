import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import {
  createSpecDatabase,
  eventually,
  watchLeaks,
  type LeakCheck,
  type SpecDatabase,
} from '@spillway/testing';
import { PostEntity } from '../entities/post.entity.js';
import { migrate } from '../migrate.js';
import { DatabaseNode } from '../node.js';
import { withReadScope, type ReadScope } from './read-scope.js';

const tenant = `spec-${randomBytes(6).toString('hex')}`;
const nasty = `quote " backslash \\ brace {} comma , null NULL '' é 😀 \n`;

describe('a scope for reading', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let node: DatabaseNode;
  const id = uuidV7();

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('read');
    await migrate(database.urlOf('migrator'));
    await database.query(
      `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags, tags_version, command_id)
       VALUES ($1, $2, 'alice', $3, $2, $4, $2, $2)`,
      [tenant, id, nasty, ['a', nasty]],
    );
    node = new DatabaseNode({
      ...{ shard: 's0', name: 's0-0', url: database.urlOf('reader') },
      ...{ poolMax: 1, applicationName: 'a spec' },
    });
    await node.poll();
  });
  afterAll(async () => {
    await node.close();
    await database.drop();
    await leaks.expectNoLeaks();
  });
  const read = <T>(fn: (scope: ReadScope) => Promise<T>, as = tenant, deadlineMs = 5_000): Promise<T> =>
    withReadScope(node, 'primary', as, deadlineMs, fn);
  const one = async (text: string, ...parameters: unknown[]): Promise<unknown> => {
    const [row] = await read((scope) => scope.query<{ v: unknown }>(`SELECT ${text} AS v`, parameters));
    return row?.v;
  };

  it('gives values as the driver would, and takes them', async () => {
    const at = new Date('2026-01-31T12:00:00.123Z');
    expect(await one('$1::text', nasty)).toBe(nasty);
    expect(await one('$1::text[]', [nasty, null, '', 'NULL'])).toEqual([nasty, null, '', 'NULL']);
    expect(await one('$1::text[]', [])).toEqual([]);
    expect(await one('$1::int', 7)).toBe(7);
    expect(await one('$1::boolean', false)).toBe(false);
    expect(await one('$1::timestamptz', at)).toEqual(at);
    expect(await one('$1::uuid[]', [id])).toEqual([id]);
    expect(await one('$1::bytea', Buffer.from([0, 255]))).toEqual(Buffer.from([0, 255]));
    expect(await one('$1::text', null)).toBeNull();
    expect(await one(`'{"a": [1]}'::jsonb`)).toEqual({ a: [1] });
    expect(await one('(SELECT count(*) FROM posts)')).toBe('1');
  });

  it('lets query builders read, entities and raw rows', async () => {
    const select = (scope: ReadScope) =>
      scope.select(PostEntity, 'post').where('post.id IN (:...ids)', { ids: [id] });
    const post = await read((scope) => select(scope).getOne());
    expect(post).toBeInstanceOf(PostEntity);
    expect(post).toMatchObject({ tenantId: tenant, id, content: nasty, tags: ['a', nasty], deletedBy: null });
    expect(await read((scope) => select(scope).getCount())).toBe(1);
    expect(await read((scope) => select(scope).select('post.id', 'id').getRawMany())).toEqual([{ id }]);
  });

  it('shows the rows of its tenant only, on one session, whatever came before on it', async () => {
    const count = (as: string): Promise<unknown> =>
      read((scope) => scope.query(`SELECT count(*)::int AS n, pg_backend_pid() AS pid FROM posts`), as);
    const [mine] = (await count(tenant)) as [{ n: number; pid: number }];
    expect(mine.n).toBe(1);
    for (const other of ['', 'nobody', `${tenant} `, `${tenant}' OR '1'='1`])
      expect(await count(other)).toEqual([{ n: 0, pid: mine.pid }]);
    await expect(read((scope) => scope.query('SELECT 1/0'), tenant)).rejects.toThrow('division by zero');
    expect(await count('nobody')).toEqual([{ n: 0, pid: mine.pid }]);
  });

  it('cannot write', async () => {
    for (const statement of [
      'CREATE TABLE mine (a int)',
      `UPDATE posts SET content = ''`,
      'SELECT nextval($1)',
    ])
      await expect(
        read((scope) => scope.query(statement, statement.includes('$1') ? ['nothing'] : [])),
      ).rejects.toThrow(/read-only transaction|permission denied|does not exist/);
  });

  it('says where it has been: at or past what it read, and without another round trip', async () => {
    const at = await read(async (scope) => {
      const early = await scope.seenPosition();
      await scope.query('SELECT 1');
      const late = await scope.seenPosition();
      expect(late.lsn >= early.lsn).toBe(true);
      return late;
    });
    expect(at).toMatchObject({ shard: 's0', timeline: 1, lsn: expect.stringMatching(/^[0-9a-f]{16}$/) });
    node.role = 'replica';
    const asked = await read(async (scope) => {
      await scope.query('SELECT 1');
      return scope.seenPosition();
    });
    await node.poll();
    expect(asked.lsn >= at.lsn).toBe(true);
  });

  it('is refused on a standby that was chosen as the primary, whatever it is known as meanwhile', async () => {
    const standby = new DatabaseNode({
      ...{ shard: 's0', name: 's0-1', url: database.urlOf('reader', 'postgres-replica-1') },
      ...{ poolMax: 1, applicationName: 'a spec' },
    });
    const asked = (as: 'primary' | 'replica') =>
      withReadScope(standby, as, tenant, 5_000, (scope) => scope.query('SELECT 1 AS one'));
    try {
      await eventually('the standby has the database', () => asked('replica').then(() => true));
      await standby.poll();
      expect(standby.role).toBe('replica');
      await expect(asked('primary')).rejects.toMatchObject({ why: 'no_primary' });
      expect(await asked('replica')).toEqual([{ one: 1 }]);
    } finally {
      await standby.close();
    }
  });

  it('survives a mistake, an empty statement and a parameter that has no text', async () => {
    await expect(read((scope) => scope.query('SELECT nothing'))).rejects.toMatchObject({ code: '42703' });
    await expect(read((scope) => scope.query('SELECT $1::int', ['x']))).rejects.toMatchObject({
      code: '22P02',
    });
    await expect(read((scope) => scope.query('SELECT $1', [{ a: 1 }]))).rejects.toThrow(TypeError);
    expect(await read((scope) => scope.query(''))).toEqual([]);
    expect(await one('1')).toBe(1);
  });

  it('is destroyed at its deadline, and whoever waits for it gets a new one', async () => {
    const pid = await one('pg_backend_pid()');
    const slow = read((scope) => scope.query('SELECT pg_sleep(30)'), tenant, 300);
    const waiting = one('pg_backend_pid()');
    await expect(slow).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'timeout' });
    expect(await waiting).not.toBe(pid);
    expect(node.inFlight).toBe(0);
  });

  it('is not had while all are lent, and then no longer waited for', async () => {
    const gate = Promise.withResolvers<undefined>();
    const holding = read(() => gate.promise);
    await expect(read((scope) => scope.query('SELECT 1'), tenant, 200)).rejects.toMatchObject({
      why: 'timeout',
    });
    gate.resolve(undefined);
    await holding;
    expect(await one('1')).toBe(1);
  });
});
