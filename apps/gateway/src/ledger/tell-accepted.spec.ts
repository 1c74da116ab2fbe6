import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ToldAccepted } from '@spillway/cache';
import { writeQueue } from '@spillway/messaging';
import { accountant } from './tell-accepted.js';

describe('what a gateway tells of its confirms', () => {
  const start = performance.now();
  const publisher = {
    accepted: new Map<string, number>(),
    oldestUnconfirmedAt: undefined as number | undefined,
  };
  let told: (ToldAccepted & { readonly shard: string })[];
  let redis: boolean;
  let tell: (afterMs: number) => Promise<void>;

  beforeEach(() => {
    publisher.accepted = new Map();
    publisher.oldestUnconfirmedAt = undefined;
    told = [];
    redis = true;
    const account = accountant(publisher, (shard, counts) => {
      if (redis) told.push({ shard, ...counts });
      return Promise.resolve(redis);
    });
    tell = (afterMs) => account(start + afterMs);
  });
  const confirmed = (count: number): void => void publisher.accepted.set(writeQueue('s0'), count);

  it('is in time when it is told soon, also after a long silence', async () => {
    for (let second = 1; second <= 60; second++) await tell(second * 1_000);
    confirmed(3);
    await tell(61_000);
    await tell(62_000);
    confirmed(5);
    await tell(63_000);
    expect(told).toEqual([
      { shard: 's0', accepted: 3, late: 0 },
      { shard: 's0', accepted: 5, late: 0 },
    ]);
    await tell(74_000);
    expect(told.at(-1)).toEqual({ shard: 's0', accepted: 5, late: 0 });
    expect(told).toHaveLength(3);
  });

  it('is late when Redis was away meanwhile', async () => {
    confirmed(3);
    await tell(1_000);
    redis = false;
    confirmed(10);
    for (let second = 2; second <= 8; second++) await tell(second * 1_000);
    redis = true;
    await tell(9_000);
    expect(told.at(-1)).toEqual({ shard: 's0', accepted: 10, late: 7 });
    confirmed(12);
    await tell(10_000);
    expect(told.at(-1)).toEqual({ shard: 's0', accepted: 12, late: 7 });
  });

  it('is late when the confirm was, or the process stood still', async () => {
    await tell(1_000);
    publisher.oldestUnconfirmedAt = start + 1_500;
    for (let second = 2; second <= 8; second++) await tell(second * 1_000);
    publisher.oldestUnconfirmedAt = undefined;
    confirmed(1);
    await tell(9_000);
    expect(told).toEqual([{ shard: 's0', accepted: 1, late: 1 }]);
    confirmed(4);
    await tell(19_000);
    expect(told.at(-1)).toEqual({ shard: 's0', accepted: 4, late: 4 });
  });
});
