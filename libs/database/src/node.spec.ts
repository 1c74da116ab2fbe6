import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import { eventually, freePort, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { classifySqlError, DatabaseUnavailable, sqlState, type SqlFailure } from './database-error.js';
import { migrate } from './migrate.js';
import { DatabaseNode } from './node.js';
import { withScope, type Scope } from './scope.js';

const database = `spec_node_${randomBytes(4).toString('hex')}`;
const DEADLINE_MS = 10_000;

describe('a database node', () => {
  let leaks: LeakCheck;
  let superuser: Client;
  let proxy: TcpProxy;
  const nodes: DatabaseNode[] = [];

  beforeAll(async () => {
    leaks = watchLeaks();
    const primary = readStack().urlOf('postgres-primary');
    superuser = new Client({ connectionString: primary });
    await superuser.connect();
    await superuser.query(`CREATE DATABASE ${database} OWNER migrator`);
    await migrate(urlOf('migrator'));
    proxy = await startTcpProxy({ target: { port: Number(new URL(primary).port) } });
  });
  afterEach(async () => {
    await proxy.pass();
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    await eventually('every connection is closed', () => proxy.connections === 0);
  });
  afterAll(async () => {
    await proxy.stop();
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await superuser.end();
    await leaks.expectNoLeaks();
  });
  const nodeAt = (port: number, poolMax = 2): DatabaseNode => {
    const url = new URL(urlOf('writer'));
    url.port = String(port);
    const node = new DatabaseNode({
      shard: 's0',
      name: 's0-0',
      url: url.href,
      poolMax,
      applicationName: 'a spec',
    });
    nodes.push(node);
    return node;
  };
  const run = <T>(fn: (scope: Scope) => Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> =>
    withScope(nodeAt(proxy.port), deadlineMs, fn);

  describe('is polled', () => {
    it('for its role and position', async () => {
      const node = nodeAt(proxy.port);
      expect(node.up).toBe(false);
      await node.poll();
      expect(node.role).toBe('primary');
      expect(node.position).toMatchObject({ shard: 's0', timeline: 1 });
      expect(node.position?.lsn).toMatch(/^[0-9a-f]{16}$/);
    });

    it('on one connection, however many ask at the same time', async () => {
      const node = nodeAt(proxy.port);
      await Promise.all(Array.from({ length: 5 }, () => node.poll()));
      expect(proxy.connections).toBe(1);
      proxy.reset();
      await eventually('the connection is gone', () => proxy.connections === 0);
      await Promise.all(Array.from({ length: 5 }, () => node.poll()));
      await Promise.all(Array.from({ length: 5 }, () => node.poll()));
      expect(node.role).toBe('primary');
      expect(proxy.connections).toBe(1);
    });

    it('and is down after the second failure in a row, not after one lost connection', async () => {
      const node = nodeAt(proxy.port);
      await node.poll();
      await proxy.refuse();
      proxy.reset();
      await node.poll();
      expect(node.role).toBe('primary');
      await node.poll();
      expect(node.role).toBe('unknown');
      await proxy.pass();
      await node.poll();
      expect(node.role).toBe('primary');
    });

    it('within a second even when it says nothing', async () => {
      const node = nodeAt(proxy.port);
      await node.poll();
      proxy.silence();
      const startedAt = performance.now();
      await node.poll();
      await node.poll();
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      expect(node.up).toBe(false);
    });
  });

  describe('lends a connection', () => {
    it('and takes it back whatever happens', async () => {
      const node = nodeAt(proxy.port, 1);
      for (let n = 0; n < 5; n++) {
        await expect(withScope(node, DEADLINE_MS, () => Promise.reject(new Error('a bug')))).rejects.toThrow(
          'a bug',
        );
        expect(await withScope(node, DEADLINE_MS, (scope) => scope.query('SELECT 1 AS one'))).toEqual([
          { one: 1 },
        ]);
      }
      expect(node.inFlight).toBe(0);
    });

    it('whose transaction is undone when anything in it fails', async () => {
      const node = nodeAt(proxy.port, 1);
      const id = uuidV7();
      const failing = withScope(node, DEADLINE_MS, (scope) =>
        scope.transaction(async () => {
          await insertPost(scope, id);
          throw new Error('a bug');
        }),
      );
      await expect(failing).rejects.toThrow('a bug');
      const rows = await withScope(node, DEADLINE_MS, (scope) =>
        scope.query('SELECT 1 FROM posts WHERE id = $1', [id]),
      );
      expect(rows).toEqual([]);
    });

    it('and destroys it after the deadline: nobody gets it again', async () => {
      const node = nodeAt(proxy.port, 1);
      const pidOf = async (scope: Scope): Promise<unknown> =>
        (await scope.query('SELECT pg_backend_pid() AS pid'))[0];
      let first: unknown;
      const slow = withScope(node, 500, async (scope) => {
        first = await pidOf(scope);
        return scope.query('SELECT pg_sleep(30)');
      });
      await expect(slow).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'timeout' });
      const second = await withScope(node, 3_000, pidOf);
      expect(first).toMatchObject({ pid: expect.any(Number) });
      expect(second).not.toEqual(first);
      expect(node.inFlight).toBe(0);
    });

    it('to nobody whose deadline passed while all were lent, and closes afterwards', async () => {
      const node = nodeAt(proxy.port, 1);
      const gate = Promise.withResolvers<undefined>();
      const first = withScope(node, DEADLINE_MS, async (scope) => {
        await gate.promise;
        return scope.query('SELECT 1 AS one');
      });
      await eventually('the only connection is lent', () => node.inFlight === 1 && proxy.connections === 1);
      let ran = false;
      const second = withScope(node, 200, () => {
        ran = true;
        return Promise.resolve();
      });
      await expect(second).rejects.toMatchObject({ why: 'timeout' });
      gate.resolve(undefined);
      expect(await first).toEqual([{ one: 1 }]);
      expect(await withScope(node, DEADLINE_MS, (scope) => scope.query('SELECT 2 AS two'))).toEqual([
        { two: 2 },
      ]);
      expect(ran).toBe(false);
      await node.close();
    });
  });

  describe('answers with failures, of which', () => {
    const failure = async (fn: (scope: Scope) => Promise<unknown>): Promise<unknown> => {
      try {
        await run(fn);
      } catch (error) {
        return error;
      }
      throw new Error('nothing failed');
    };
    const real: readonly [string, string, SqlFailure, (scope: Scope) => Promise<unknown>][] = [
      [
        'a key that is there twice',
        '23505',
        'data',
        async (scope) => {
          const id = uuidV7();
          await insertPost(scope, id);
          await insertPost(scope, id);
        },
      ],
      ['a missing partition', '23514', 'partition', (scope) => insertPost(scope, uuidV7(0))],
      ['a broken CHECK', '23514', 'data', (scope) => insertPost(scope, uuidV7(), 'x'.repeat(65_537))],
      ['a text that is no UUID', '22P02', 'data', (scope) => insertPost(scope, 'not an id')],
      ['U+0000', '22021', 'data', (scope) => insertPost(scope, uuidV7(), 'a\u0000b')],
      [
        'a statement that took too long',
        '57014',
        'transient',
        async (scope) => {
          await scope.query('SET statement_timeout = 50');
          await scope.query('SELECT pg_sleep(5)');
        },
      ],
      [
        'a lock that did not come',
        '55P03',
        'transient',
        async (scope) => {
          await run(async (other) => {
            await other.query('BEGIN');
            await other.query('LOCK posts IN SHARE MODE');
            await scope.query('SET lock_timeout = 50');
            try {
              await insertPost(scope, uuidV7());
            } finally {
              await other.query('ROLLBACK');
            }
          });
        },
      ],
      [
        'a write in a read-only transaction',
        '25006',
        'read_only',
        async (scope) => {
          await scope.query('SET default_transaction_read_only = on');
          await insertPost(scope, uuidV7());
        },
      ],
      ['a statement that is wrong', '42601', 'other', (scope) => scope.query('SELEC 1')],
      ['a table that is not there', '42P01', 'other', (scope) => scope.query('SELECT 1 FROM nowhere')],
      ['what is not allowed', '42501', 'other', (scope) => scope.query('DELETE FROM posts')],
    ];
    it.each(real)('%s is %s: %s', async (_what, state, expected, fn) => {
      const error = await failure(fn);
      expect([sqlState(error), classifySqlError(error)]).toEqual([state, expected]);
    });

    it('a session ended by an administrator is transient', async () => {
      const error = await failure(async (scope) => {
        const [row] = await scope.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const sleeping = scope.query('SELECT pg_sleep(20)');
        sleeping.catch(() => undefined);
        await eventually('it sleeps', async () => {
          const { rowCount } = await superuser.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`,
            [row?.pid],
          );
          return rowCount === 1;
        });
        await sleeping;
      });
      expect(classifySqlError(error)).toBe('transient');
    });

    it('a connection that breaks in the middle is transient', async () => {
      const error = await failure(async (scope) => {
        const sleeping = scope.query('SELECT pg_sleep(20)');
        proxy.reset();
        await sleeping;
      });
      expect(classifySqlError(error)).toBe('transient');
    });

    it('a refused connection and one that is never answered are unavailable', async () => {
      const nothing = nodeAt(await freePort());
      const refused = withScope(nothing, DEADLINE_MS, () => Promise.resolve());
      await expect(refused).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'connection' });
      proxy.silence();
      const silent = withScope(nodeAt(proxy.port), DEADLINE_MS, () => Promise.resolve());
      await expect(silent).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'connection' });
    });
  });
});

describe('classifySqlError', () => {
  const table: readonly [string, unknown, SqlFailure][] = [
    ['a serialization failure', { code: '40001' }, 'transient'],
    ['a deadlock', { code: '40P01' }, 'transient'],
    ['a server that is shutting down', { code: '57P01' }, 'transient'],
    ['a server that is starting', { code: '57P03' }, 'transient'],
    ['no more connections', { code: '53300' }, 'transient'],
    ['a full disk', { code: '53100' }, 'transient'],
    ['a pooler that lost its server', { code: '08P01', message: 'server conn crashed?' }, 'transient'],
    ['an idle transaction that was ended', { code: '25P03' }, 'transient'],
    ['a foreign key', { code: '23503', constraint: 'x' }, 'data'],
    ['a number out of range', { code: '22003' }, 'data'],
    ['a socket that was reset', { code: 'ECONNRESET', message: 'read ECONNRESET' }, 'transient'],
    ['a refused connection', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'transient'],
    ['a full pool', new Error('timeout exceeded when trying to connect'), 'transient'],
    ['a pool that was closed', new Error('Cannot use a pool after calling end on the pool'), 'transient'],
    ['a session that ended', new Error('Connection terminated unexpectedly'), 'transient'],
    ['a runner whose session ended', new Error('Query runner already released.'), 'transient'],
    ['our own deadline', new DatabaseUnavailable('timeout', 'late'), 'transient'],
    ['a wrapped error', { driverError: { code: '23505', constraint: 'posts_pkey' } }, 'data'],
    ['a row of a batch that is there', { code: '23505', table: 'batches' }, 'other'],
    ['a row of the feed that is there', { code: '23505', table: 'post_changes_7' }, 'other'],
    ['a post that breaks a rule', { code: '23514', table: 'posts_202601', constraint: 'x' }, 'data'],
    ['a bug of ours', new TypeError('x is not a function'), 'other'],
    ['nothing', undefined, 'other'],
    ['null', null, 'other'],
    ['a text', 'failed', 'other'],
    ['an internal error of the server', { code: 'XX000' }, 'other'],
  ];
  it.each(table)('sorts %s', (_what, error, expected) => {
    expect(classifySqlError(error)).toBe(expected);
  });
});

const insertPost = (scope: Scope, id: string, content = 'hello'): Promise<unknown[]> =>
  scope.query(
    `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
     VALUES ('acme', $1, 'alice', $2, $1, $1, $1)`,
    [id, content],
  );

function urlOf(role: 'migrator' | 'writer'): string {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  const url = new URL(stack.urlOf('postgres-primary'));
  url.username = role;
  url.password = passwords[role] ?? '';
  url.pathname = `/${database}`;
  return url.href;
}
