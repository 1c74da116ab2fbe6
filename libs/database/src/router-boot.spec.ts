import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { EVENTUAL } from './freshness.js';
import type { Router } from './router.js';
import { openClusterFixture, SHARD, TENANT, type ClusterFixture } from './spec/cluster-fixture.js';

describe('a router whose second replica is dead from the start', () => {
  let fixture: ClusterFixture;
  let reader: Router;

  beforeAll(async () => {
    fixture = await openClusterFixture(2);
    await fixture.nodes[2]?.kill();
    reader = fixture.open('reader');
  }, 60_000);
  afterAll(() => fixture.close());
  const servedBy = async (): Promise<string> =>
    (await reader.onReplica(SHARD, TENANT, EVENTUAL, (scope) => scope.query('SELECT 1'))).servedBy;
  const serving = async (reads: number): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: reads }, servedBy)));

  it('reads from the other at once, and from both when it comes', async () => {
    const startedAt = performance.now();
    await eventually('the replica that lives answers', async () => (await servedBy()) === 'replica-1');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    for (let round = 0; round < 20; round++) expect(await serving(20)).toEqual(new Set(['replica-1']));
    await fixture.nodes[2]?.start();
    await eventually('both answer', async () => (await serving(20)).has('replica-2'), { deadlineMs: 20_000 });
  }, 60_000);

  it('goes on without an error when one is killed under load', async () => {
    await fixture.nodes[1]?.kill();
    for (let round = 0; round < 40; round++) expect((await serving(20)).has('primary')).toBe(false);
    await fixture.nodes[1]?.start();
    await eventually('both answer', async () => (await serving(20)).has('replica-1'), { deadlineMs: 20_000 });
  }, 60_000);
});
