import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7, type Position } from '@spillway/contracts';
import type { Logger } from '@spillway/telemetry';
import { eventually, freePort, notYet, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { DatabaseUnavailable } from './database-error.js';
import { atLeast, EVENTUAL, STRONG } from './freshness.js';
import { seenPosition } from './position.js';
import { primaryProbe, readProbe } from './probes.js';
import { Router, type RouterOptions } from './router.js';
import type { ReadScope } from './read/read-scope.js';

const SHARD = 's0';
const tenant = `spec-${randomBytes(6).toString('hex')}`;
const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

describe('Router', () => {
  let leaks: LeakCheck;
  let writer: Router;
  let primaryAdmin: Client;
  let replicaAdmin: Client;
  let proxy: TcpProxy;
  const routers: Router[] = [];

  beforeAll(async () => {
    leaks = watchLeaks();
    primaryAdmin = new Client({ connectionString: readStack().urlOf('postgres-primary') });
    await primaryAdmin.connect();
    replicaAdmin = new Client({ connectionString: readStack().urlOf('postgres-replica-1') });
    await replicaAdmin.connect();
    writer = Router.open(options('writer', ['primary', 'replica-1']));
    await eventually('the primary is found', () => writer.hasPrimaries);
  });
  afterAll(async () => {
    await writer.close();
    await Promise.all([primaryAdmin.end(), replicaAdmin.end()]);
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    const { port } = new URL(readStack().urlOf('pgbouncer-primary'));
    proxy = await startTcpProxy({ target: { port: Number(port) } });
  });
  afterEach(async () => {
    await proxy.pass();
    await Promise.all(routers.splice(0).map((router) => router.close()));
    await proxy.stop();
  });

  const open = (given: RouterOptions): Router => {
    const router = Router.open(given);
    routers.push(router);
    return router;
  };
  const openReader = async (overrides: Partial<RouterOptions> = {}): Promise<Router> => {
    const reader = open({ ...options('reader', ['primary', 'replica-1']), ...overrides });
    await eventually('the replica answers', async () => (await servedBy(reader)) === 'replica-1');
    return reader;
  };
  const write = async (): Promise<{ readonly id: string; readonly position: Position }> => {
    const id = uuidV7();
    const position = await writer.onPrimary(SHARD, async (scope) => {
      await scope.transaction(() =>
        scope.query(
          `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
           VALUES ($1, $2, 'alice', 'hello', $2, $2, $2)`,
          [tenant, id],
        ),
      );
      return seenPosition(scope, SHARD);
    });
    return { id, position };
  };
  const find =
    (id: string) =>
    async (scope: ReadScope): Promise<boolean> =>
      (await scope.query('SELECT 1 FROM posts WHERE tenant_id = $1 AND id = $2', [tenant, id])).length === 1;
  const servedBy = async (router: Router, freshness = EVENTUAL): Promise<string> =>
    (await router.onReplica(SHARD, tenant, freshness, (scope) => scope.query('SELECT 1'))).servedBy;
  /** Runs `fn` while the replica receives the log but does not replay it. */
  const whilePaused = async (fn: () => Promise<void>): Promise<void> => {
    // Other specs pause the same replica: one at a time, or one would resume under another.
    await primaryAdmin.query(`SELECT pg_advisory_lock(hashtext('spec.replay'))`);
    try {
      await replicaAdmin.query('SELECT pg_wal_replay_pause()');
      await eventually('replay is paused', async () => {
        const { rows } = await replicaAdmin.query<{ state: string }>(
          'SELECT pg_get_wal_replay_pause_state() AS state',
        );
        return rows[0]?.state === 'paused' || notYet(rows);
      });
      await fn();
    } finally {
      await replicaAdmin.query('SELECT pg_wal_replay_resume()');
      await primaryAdmin.query(`SELECT pg_advisory_unlock(hashtext('spec.replay'))`);
    }
  };

  describe('reads', () => {
    it('from the replica, and says so', async () => {
      const reader = await openReader();
      const answer = await reader.onReplica(SHARD, tenant, EVENTUAL, (scope) =>
        scope.query('SELECT pg_is_in_recovery() AS recovery'),
      );
      expect(answer).toMatchObject({ value: [{ recovery: true }], servedBy: 'replica-1' });
      expect(answer.lagMs).toBeLessThan(2_000);
      expect(readProbe(reader).check()).toEqual({ up: true });
      expect(reader.replicaLags).toEqual([
        { value: expect.any(Number), labels: { shard: SHARD, replica: 'replica-1' } },
      ]);
    });

    it('from the primary what must be strong', async () => {
      const reader = await openReader();
      const { id } = await write();
      const answer = await reader.onReplica(SHARD, tenant, STRONG, find(id));
      expect(answer).toEqual({ value: true, servedBy: 'primary', lagMs: 0, stale: false });
    });

    it('never older than the position that a write came with, 200 times over', async () => {
      const reader = await openReader();
      const stale: string[] = [];
      const nodes = new Map<string, number>();
      for (let n = 0; n < 200; n++) {
        const { id, position } = await write();
        const answer = await reader.onReplica(SHARD, tenant, atLeast(position), find(id));
        if (!answer.value) stale.push(`${id} from ${answer.servedBy}`);
        nodes.set(answer.servedBy, (nodes.get(answer.servedBy) ?? 0) + 1);
      }
      expect(stale).toEqual([]);
      expect(nodes.get('replica-1') ?? 0).toBeGreaterThan(0);
    }, 60_000);

    it('from the primary while the replica does not replay, if a position is asked for', async () => {
      const reader = await openReader();
      await whilePaused(async () => {
        const { id, position } = await write();
        expect(await reader.onReplica(SHARD, tenant, atLeast(position), find(id))).toEqual({
          value: true,
          servedBy: 'primary',
          lagMs: 0,
          stale: false,
        });
        // Whoever asks for nothing gets the replica, as long as it is not too far behind.
        expect((await reader.onReplica(SHARD, tenant, EVENTUAL, find(id))).servedBy).toBe('replica-1');
      });
    });

    it('from the primary what a replica is too far behind for', async () => {
      const reader = await openReader({ maxLagMs: 300 });
      await whilePaused(async () => {
        const { id } = await write();
        await eventually('the lag is noticed', async () => (await servedBy(reader)) === 'primary');
        expect((await reader.onReplica(SHARD, tenant, EVENTUAL, find(id))).value).toBe(true);
      });
      await eventually('the replica has caught up', async () => (await servedBy(reader)) === 'replica-1');
    });

    it('from a replica that is behind, and says how far, when there is nothing better', async () => {
      const reader = await openReader({ maxLagMs: 200, nodes: nodes('reader', [proxiedUrl, 'replica-1']) });
      await whilePaused(async () => {
        const { id, position } = await write();
        await eventually('the lag is noticed', async () => (await servedBy(reader)) === 'primary');
        await proxy.refuse();
        proxy.reset();
        const answer = await eventually('the replica answers', async () => {
          const got = await reader.onReplica(SHARD, tenant, EVENTUAL, find(id));
          return got.servedBy === 'replica-1' ? got : null;
        });
        expect(answer.value).toBe(false);
        expect(answer.lagMs).toBeGreaterThan(200);
        expect(answer.stale).toBe(true);
        await eventually('the primary is missed', () => !reader.hasPrimaries);
        const wanted = reader.onReplica(SHARD, tenant, atLeast(position), find(id));
        await expect(wanted).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'position' });
      });
    });

    it('from the primary at a position of another timeline, and ignores one that never was', async () => {
      const reader = await openReader();
      const { id, position } = await write();
      const older = { ...position, timeline: position.timeline + 1 };
      expect(await servedBy(reader, atLeast(older))).toBe('primary');
      await eventually(
        'it is replayed',
        async () => (await reader.onReplica(SHARD, tenant, EVENTUAL, find(id))).value,
      );
      const invented = { ...position, lsn: 'ffffffffffffffff' };
      expect(await servedBy(reader, atLeast(invented))).toBe('replica-1');
    });

    it('only rows of its tenant, on a session that another tenant used before', async () => {
      const reader = await openReader({ poolMax: 2 });
      const { id, position } = await write();
      for (const other of ['', 'nobody', `${tenant}x`]) {
        const mine = await reader.onReplica(SHARD, tenant, atLeast(position), find(id));
        expect(mine.value).toBe(true);
        const theirs = await reader.onReplica(SHARD, other, atLeast(position), find(id));
        expect(theirs.value).toBe(false);
      }
    });

    it('and cannot write, by transaction and by role', async () => {
      const reader = await openReader();
      for (const freshness of [EVENTUAL, STRONG]) {
        const attempt = reader.onReplica(SHARD, tenant, freshness, (scope) =>
          scope.query(`UPDATE posts SET content = ''`),
        );
        await expect(attempt).rejects.toThrow(/read-only transaction|permission denied/);
      }
    });
  });

  describe('goes on', () => {
    it('with a node that is away from the start', async () => {
      const nowhere = `postgres://reader:x@127.0.0.1:${await freePort()}/spillway`;
      const reader = open({ ...options('reader', []), nodes: nodes('reader', ['primary', () => nowhere]) });
      await eventually('the primary answers', async () => (await servedBy(reader)) === 'primary');
      expect(reader.canRead).toBe(true);
      expect(reader.hasPrimaries).toBe(true);
    });

    it('with no node at all, and finds one when it comes', async () => {
      await proxy.refuse();
      const reader = open({ ...options('reader', []), nodes: nodes('reader', [proxiedUrl]) });
      await expect(servedBy(reader)).rejects.toMatchObject({ why: 'no_replica' });
      await expect(servedBy(reader, STRONG)).rejects.toMatchObject({ why: 'no_primary' });
      expect(readProbe(reader).check()).toMatchObject({ up: false });
      await proxy.pass();
      await eventually('it is found', async () => (await servedBy(reader)) === 'primary');
    });

    it('without a primary: it refuses to write, and writes again when it is back', async () => {
      const own = open({ ...options('writer', []), nodes: nodes('writer', [proxiedUrl, 'replica-1']) });
      await eventually('the primary is found', () => own.hasPrimaries);
      await proxy.refuse();
      proxy.reset();
      await eventually('it is missed', () => !own.hasPrimaries);
      expect(primaryProbe(own).check()).toMatchObject({ up: false });
      const attempt = own.onPrimary(SHARD, (scope) => scope.query('SELECT 1'));
      await expect(attempt).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'no_primary' });
      await proxy.pass();
      await eventually('it is found again', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
    });

    it('past a primary that says nothing: within the deadline, and normally afterwards', async () => {
      const own = open({ ...options('writer', []), nodes: nodes('writer', [proxiedUrl]) });
      await eventually('the primary answers', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
      const startedAt = performance.now();
      const attempt = own.onPrimary(
        SHARD,
        async (scope) => {
          proxy.silence();
          return scope.query('SELECT 1');
        },
        700,
      );
      await expect(attempt).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'timeout' });
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      await eventually('it is missed', () => !own.hasPrimaries);
      await proxy.pass();
      await eventually('it writes again', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
    });

    it('on another node when the one that reads is cut off', async () => {
      const { port } = new URL(readStack().urlOf('pgbouncer-replica-1'));
      const replicaProxy = await startTcpProxy({ target: { port: Number(port) } });
      try {
        const viaProxy = urlOf('reader', 'replica-1', replicaProxy.port);
        const reader = await openReader({ nodes: nodes('reader', ['primary', () => viaProxy]) });
        let cut = false;
        const answer = await reader.onReplica(SHARD, tenant, EVENTUAL, async (scope) => {
          if (!cut) {
            cut = true;
            await replicaProxy.refuse();
            replicaProxy.reset();
          }
          return scope.query('SELECT pg_is_in_recovery() AS recovery');
        });
        expect(answer).toMatchObject({ value: [{ recovery: false }], servedBy: 'primary' });
        await replicaProxy.pass();
        await eventually('the replica answers again', async () => (await servedBy(reader)) === 'replica-1');
        await reader.close();
      } finally {
        await replicaProxy.stop();
      }
    });

    it('on another node, long before its deadline, when the one that reads falls silent', async () => {
      const { port } = new URL(readStack().urlOf('pgbouncer-replica-1'));
      const replicaProxy = await startTcpProxy({ target: { port: Number(port) } });
      try {
        const viaProxy = urlOf('reader', 'replica-1', replicaProxy.port);
        const reader = await openReader({ nodes: nodes('reader', ['primary', () => viaProxy]) });
        replicaProxy.silence();
        const startedAt = performance.now();
        const answers = await Promise.all(Array.from({ length: 4 }, () => servedBy(reader)));
        expect(answers).toEqual(answers.map(() => 'primary'));
        expect(performance.now() - startedAt).toBeLessThan(2_000);
        await replicaProxy.pass();
        await eventually('the replica answers again', async () => (await servedBy(reader)) === 'replica-1');
        await reader.close();
      } finally {
        await replicaProxy.stop();
      }
    });

    it('and says unavailable, not something else, when its last node breaks in the middle', async () => {
      const reader = open({ ...options('reader', []), nodes: nodes('reader', [proxiedUrl]) });
      await eventually('the primary answers', async () => (await servedBy(reader)) === 'primary');
      for (const freshness of [STRONG, EVENTUAL]) {
        const attempt = reader.onReplica(SHARD, tenant, freshness, (scope) => {
          proxy.reset();
          return scope.query('SELECT 1');
        });
        await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
        await eventually('the primary answers', async () => (await servedBy(reader)) === 'primary');
      }
    });

    it('and tells a mistake from an outage', async () => {
      const reader = await openReader();
      const attempt = reader.onReplica(SHARD, tenant, EVENTUAL, (scope) => scope.query('SELECT nothing'));
      await expect(attempt).rejects.toThrow('column "nothing" does not exist');
    });
  });

  it('keeps reads on the primary inside their share of its connections', async () => {
    const reader = open({ ...options('reader', ['primary']), poolMax: 10, primaryReadShare: 0.2 });
    await eventually('the primary answers', async () => (await servedBy(reader)) === 'primary');
    const gate = Promise.withResolvers<undefined>();
    let started = 0;
    const holding = [1, 2].map(() =>
      reader.onReplica(SHARD, tenant, STRONG, async (scope) => {
        started++;
        await gate.promise;
        return scope.query('SELECT 1');
      }),
    );
    await eventually('both have a connection', () => started === 2);
    await expect(servedBy(reader, STRONG)).rejects.toMatchObject({
      name: 'DatabaseUnavailable',
      why: 'budget',
    });
    await expect(servedBy(reader, EVENTUAL)).rejects.toMatchObject({ why: 'no_replica' });
    gate.resolve(undefined);
    await Promise.all(holding);
    expect(await servedBy(reader, STRONG)).toBe('primary');
  });

  it('knows only the shards of its configuration', async () => {
    await expect(writer.onPrimary('s9', () => Promise.resolve())).rejects.toThrow('shard s9 has no nodes');
  });

  type NodeName = 'primary' | 'replica-1';
  type Place = NodeName | ((role: 'writer' | 'reader') => string);

  const proxiedUrl = (role: 'writer' | 'reader'): string => urlOf(role, 'primary', proxy.port);
  const nodes = (role: 'writer' | 'reader', places: readonly Place[]) =>
    new Map([[SHARD, places.map((place) => (typeof place === 'string' ? urlOf(role, place) : place(role)))]]);
  function options(role: 'writer' | 'reader', names: readonly NodeName[]): RouterOptions {
    return {
      nodes: nodes(role, names),
      poolMax: 4,
      applicationName: 'a spec',
      logger: quiet,
      maxLagMs: 2_000,
      primaryReadShare: 0.5,
    };
  }
  function urlOf(role: 'writer' | 'reader', name: NodeName, port?: number): string {
    const stack = readStack();
    const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
      passwords: Record<string, string>;
    };
    const url = new URL(stack.urlOf(`pgbouncer-${name}`));
    url.username = role;
    url.password = passwords[role] ?? '';
    if (port !== undefined) url.port = String(port);
    return url.href;
  }
});
