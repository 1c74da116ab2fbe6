import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Position } from '@spillway/contracts';
import { freePort, watchLeaks, type LeakCheck } from '@spillway/testing';
import { atLeast } from './freshness.js';
import { ReplicaRead } from './replica-read.js';
import { Shard } from './shard.js';
import { SHARD } from './spec/cluster-fixture.js';
import { urlOf } from './spec/use-routers.js';

describe('a read with a position, while the shard has no replica', () => {
  let leaks: LeakCheck;
  let shard: Shard;
  let position: Position;

  beforeAll(async () => {
    leaks = watchLeaks();
    const nowhere = `postgres://reader:x@127.0.0.1:${await freePort()}/spillway`;
    shard = new Shard({
      name: SHARD,
      urls: [urlOf('reader', 'primary'), nowhere],
      poolMax: 4,
      applicationName: 'a spec',
      maxLagMs: 2_000,
      primaryReadShare: 0.5,
    });
    await Promise.all(shard.nodes.map((node) => node.poll()));
    if (!shard.primary?.position) throw new Error('the primary was not found');
    position = shard.primary.position;
  });
  afterAll(async () => {
    await Promise.all(shard.nodes.map((node) => node.close()));
    await leaks.expectNoLeaks();
  });
  const read = (of: Position) =>
    new ReplicaRead(shard, 'acme', (scope) => scope.query<{ one: number }>('SELECT 1 AS one')).run(
      atLeast(of),
    );

  it('looks for one a few times, not over and over, and asks the primary', async () => {
    const looks = jest.spyOn(shard, 'pick');
    const answer = await read(position);
    expect(answer).toEqual({ value: [{ one: 1 }], servedBy: 'primary', lagMs: 0, stale: false });
    // A look that finds nothing, and the one before the primary is turned to.
    expect(looks.mock.calls.length).toBeLessThanOrEqual(3);
    looks.mockRestore();
  });

  it('lets others have a turn before its answer', async () => {
    const looks = jest.spyOn(shard, 'pick');
    const answers = Promise.all(Array.from({ length: 10 }, () => read(position)));
    await nextTurn();
    expect(looks.mock.calls.length).toBeLessThanOrEqual(30);
    expect((await answers).map(({ servedBy }) => servedBy)).toEqual(Array(10).fill('primary'));
    looks.mockRestore();
  });

  it('ignores a position that never was', async () => {
    const answer = await read({ ...position, lsn: 'ffffffffffffffff' });
    expect(answer.servedBy).toBe('primary');
  });
});
