import { describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { atLeast, EVENTUAL, STRONG } from './freshness.js';
import { readProbe } from './probes.js';
import { ReplicaRead } from './replica-read.js';
import { Shard } from './shard.js';
import { SHARD } from './spec/cluster-fixture.js';
import { nodes, urlOf, useRouters } from './spec/use-routers.js';

describe('a router reads', () => {
  const the = useRouters();

  it('from the replica, and says so', async () => {
    const reader = await the.openReader();
    const answer = await reader.onReplica(SHARD, the.tenant, EVENTUAL, (scope) =>
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
    const reader = await the.openReader();
    const { id } = await the.write();
    const answer = await reader.onReplica(SHARD, the.tenant, STRONG, the.find(id));
    expect(answer).toEqual({ value: true, servedBy: 'primary', lagMs: 0, stale: false });
  });

  it('never older than the position that a write came with, 200 times over', async () => {
    const reader = await the.openReader();
    const stale: string[] = [];
    const nodes = new Map<string, number>();
    for (let n = 0; n < 200; n++) {
      const { id, position } = await the.write();
      const answer = await reader.onReplica(SHARD, the.tenant, atLeast(position), the.find(id));
      if (!answer.value) stale.push(`${id} from ${answer.servedBy}`);
      nodes.set(answer.servedBy, (nodes.get(answer.servedBy) ?? 0) + 1);
    }
    expect(stale).toEqual([]);
    expect(nodes.get('replica-1') ?? 0).toBeGreaterThan(0);
  }, 60_000);

  it('from the primary while the replica does not replay, if a position is asked for', async () => {
    const reader = await the.openReader();
    await the.whilePaused(async () => {
      const { id, position } = await the.write();
      expect(await reader.onReplica(SHARD, the.tenant, atLeast(position), the.find(id))).toEqual({
        value: true,
        servedBy: 'primary',
        lagMs: 0,
        stale: false,
      });
      // Whoever asks for nothing gets the replica, as long as it is not too far behind.
      expect((await reader.onReplica(SHARD, the.tenant, EVENTUAL, the.find(id))).servedBy).toBe('replica-1');
    });
  });

  it('from the primary what a replica is too far behind for', async () => {
    const reader = await the.openReader({ maxLagMs: 300 });
    await the.whilePaused(async () => {
      const { id } = await the.write();
      await eventually('the lag is noticed', async () => (await the.servedBy(reader)) === 'primary');
      expect((await reader.onReplica(SHARD, the.tenant, EVENTUAL, the.find(id))).value).toBe(true);
    });
    await eventually('the replica has caught up', async () => (await the.servedBy(reader)) === 'replica-1');
  });

  it('from a replica that is behind, and says how far, when there is nothing better', async () => {
    const reader = await the.openReader({
      maxLagMs: 200,
      nodes: nodes('reader', [the.proxiedUrl, 'replica-1']),
    });
    await the.whilePaused(async () => {
      const { id, position } = await the.write();
      await eventually('the lag is noticed', async () => (await the.servedBy(reader)) === 'primary');
      await the.proxy.refuse();
      the.proxy.reset();
      const answer = await eventually('the replica answers', async () => {
        const got = await reader.onReplica(SHARD, the.tenant, EVENTUAL, the.find(id));
        return got.servedBy === 'replica-1' ? got : null;
      });
      expect(answer.value).toBe(false);
      expect(answer.lagMs).toBeGreaterThan(200);
      expect(answer.stale).toBe(true);
      await eventually('the primary is missed', () => !reader.hasPrimaries);
      const wanted = reader.onReplica(SHARD, the.tenant, atLeast(position), the.find(id));
      await expect(wanted).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'position' });
    });
  });

  it('from nobody at a position that the primary cannot be asked about any more', async () => {
    const shard = new Shard({
      ...{ name: SHARD, urls: [the.proxiedUrl('reader'), urlOf('reader', 'replica-1')], poolMax: 4 },
      ...{ applicationName: 'a spec', maxLagMs: 60_000, primaryReadShare: 0.5 },
    });
    try {
      await shard.refresh();
      await the.whilePaused(async () => {
        const { id, position } = await the.write();
        await the.proxy.refuse();
        the.proxy.reset();
        const read = new ReplicaRead(shard, the.tenant, the.find(id)).run(atLeast(position));
        await expect(read).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
      });
    } finally {
      await Promise.all(shard.nodes.map((node) => node.close()));
    }
  });

  it('from the primary at a position of an earlier timeline, and ignores one that never was', async () => {
    const reader = await the.openReader();
    const { id, position } = await the.write();
    const earlier = { ...position, timeline: position.timeline - 1 };
    expect(await the.servedBy(reader, atLeast(earlier))).toBe('primary');
    const later = the.servedBy(reader, atLeast({ ...position, timeline: position.timeline + 1 }));
    await expect(later).rejects.toMatchObject({ name: 'DatabaseUnavailable', why: 'position' });
    await eventually(
      'it is replayed',
      async () => (await reader.onReplica(SHARD, the.tenant, EVENTUAL, the.find(id))).value,
    );
    const invented = { ...position, lsn: 'ffffffffffffffff' };
    expect(await the.servedBy(reader, atLeast(invented))).toBe('replica-1');
  });
});
