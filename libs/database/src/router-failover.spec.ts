import { describe, expect, it } from '@jest/globals';
import { eventually, freePort, readStack, startTcpProxy } from '@spillway/testing';
import { DatabaseUnavailable } from './database-error.js';
import { EVENTUAL, STRONG } from './freshness.js';
import { primaryProbe, readProbe } from './probes.js';
import { SHARD } from './spec/cluster-fixture.js';
import { nodes, options, urlOf, useRouters } from './spec/use-routers.js';

describe('a router goes on', () => {
  const the = useRouters();

  it('with a node that is away from the start', async () => {
    const nowhere = `postgres://reader:x@127.0.0.1:${await freePort()}/spillway`;
    const reader = the.open({ ...options('reader', []), nodes: nodes('reader', ['primary', () => nowhere]) });
    await eventually('the primary answers', async () => (await the.servedBy(reader)) === 'primary');
    expect(reader.canRead).toBe(true);
    expect(reader.hasPrimaries).toBe(true);
  });

  it('with no node at all, and finds one when it comes', async () => {
    await the.proxy.refuse();
    const reader = the.open({ ...options('reader', []), nodes: nodes('reader', [the.proxiedUrl]) });
    await expect(the.servedBy(reader)).rejects.toMatchObject({ why: 'no_replica' });
    await expect(the.servedBy(reader, STRONG)).rejects.toMatchObject({ why: 'no_primary' });
    expect(readProbe(reader).check()).toMatchObject({ up: false });
    await the.proxy.pass();
    await eventually('it is found', async () => (await the.servedBy(reader)) === 'primary');
  });

  it('without a primary: it refuses to write, and writes again when it is back', async () => {
    const own = the.open({ ...options('writer', []), nodes: nodes('writer', [the.proxiedUrl, 'replica-1']) });
    await eventually('the primary is found', () => own.hasPrimaries);
    await the.proxy.refuse();
    the.proxy.reset();
    await eventually('it is missed', () => !own.hasPrimaries);
    expect(primaryProbe(own).check()).toMatchObject({ up: false });
    const attempt = own.onPrimary(SHARD, (scope) => scope.query('SELECT 1'));
    await expect(attempt).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'no_primary' });
    await the.proxy.pass();
    await eventually('it is found again', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
  });

  it('past a primary that says nothing: within the deadline, and normally afterwards', async () => {
    const own = the.open({ ...options('writer', []), nodes: nodes('writer', [the.proxiedUrl]) });
    await eventually('the primary answers', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
    const startedAt = performance.now();
    const attempt = own.onPrimary(
      SHARD,
      async (scope) => {
        the.proxy.silence();
        return scope.query('SELECT 1');
      },
      700,
    );
    await expect(attempt).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await eventually('it is missed', () => !own.hasPrimaries);
    await the.proxy.pass();
    await eventually('it writes again', () => own.onPrimary(SHARD, (scope) => scope.query('SELECT 1')));
  });

  it('on another node when the one that reads is cut off', async () => {
    const { port } = new URL(readStack().urlOf('pgbouncer-replica-1'));
    const replicaProxy = await startTcpProxy({ target: { port: Number(port) } });
    try {
      const viaProxy = urlOf('reader', 'replica-1', replicaProxy.port);
      const reader = await the.openReader({ nodes: nodes('reader', ['primary', () => viaProxy]) });
      let cut = false;
      const answer = await reader.onReplica(SHARD, the.tenant, EVENTUAL, async (scope) => {
        if (!cut) {
          cut = true;
          await replicaProxy.refuse();
          replicaProxy.reset();
        }
        return scope.query('SELECT pg_is_in_recovery() AS recovery');
      });
      expect(answer).toMatchObject({ value: [{ recovery: false }], servedBy: 'primary' });
      await replicaProxy.pass();
      await eventually('the replica answers again', async () => (await the.servedBy(reader)) === 'replica-1');
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
      const reader = await the.openReader({ nodes: nodes('reader', ['primary', () => viaProxy]) });
      replicaProxy.silence();
      const startedAt = performance.now();
      const answers = await Promise.all(Array.from({ length: 4 }, () => the.servedBy(reader)));
      expect(answers).toEqual(answers.map(() => 'primary'));
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      await replicaProxy.pass();
      await eventually('the replica answers again', async () => (await the.servedBy(reader)) === 'replica-1');
      await reader.close();
    } finally {
      await replicaProxy.stop();
    }
  });

  it('and says unavailable, not something else, when its last node breaks in the middle', async () => {
    const reader = the.open({ ...options('reader', []), nodes: nodes('reader', [the.proxiedUrl]) });
    await eventually('the primary answers', async () => (await the.servedBy(reader)) === 'primary');
    for (const freshness of [STRONG, EVENTUAL]) {
      const attempt = reader.onReplica(SHARD, the.tenant, freshness, (scope) => {
        the.proxy.reset();
        return scope.query('SELECT 1');
      });
      await expect(attempt).rejects.toBeInstanceOf(DatabaseUnavailable);
      await eventually('the primary answers', async () => (await the.servedBy(reader)) === 'primary');
    }
  });

  it('and tells a mistake from an outage', async () => {
    const reader = await the.openReader();
    const attempt = reader.onReplica(SHARD, the.tenant, EVENTUAL, (scope) => scope.query('SELECT nothing'));
    await expect(attempt).rejects.toThrow('column "nothing" does not exist');
  });
});
