import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Bulkhead } from './bulkhead.js';

describe('a bulkhead', () => {
  it('lets so many in, has ten times as many wait in their order, and refuses the rest at once', async () => {
    const bulkhead = new Bulkhead(2, 60_000);
    expect([await bulkhead.enter(), await bulkhead.enter()]).toEqual([true, true]);
    const entered: number[] = [];
    const waiting = Array.from({ length: 20 }, async (_, n) => {
      if (await bulkhead.enter()) entered.push(n);
    });
    expect(await bulkhead.enter()).toBe(false);
    for (let n = 0; n < 20; n++) bulkhead.leave();
    await Promise.all(waiting);
    expect(entered).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const [late] = [bulkhead.enter()];
    bulkhead.leave();
    expect(await late).toBe(true);
    for (let n = 0; n < 2; n++) bulkhead.leave();
    expect([await bulkhead.enter(), await bulkhead.enter()]).toEqual([true, true]);
  });

  it('refuses who waited too long, and their place is not lost', async () => {
    const bulkhead = new Bulkhead(1, 10);
    await bulkhead.enter();
    expect(await bulkhead.enter()).toBe(false);
    bulkhead.leave();
    expect(await bulkhead.enter()).toBe(true);
  });

  it('lets in who waited too long only because the process had no turn', async () => {
    const bulkhead = new Bulkhead(1, 5);
    await bulkhead.enter();
    // From here on the timers that are due come before whatever else has arrived.
    await nextTurn();
    const waiting = bulkhead.enter();
    setImmediate(() => bulkhead.leave());
    const until = performance.now() + 20;
    while (performance.now() < until);
    expect(await waiting).toBe(true);
  });
});
