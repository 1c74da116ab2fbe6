import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Position } from '@spillway/contracts';
import { eventually, notYet } from '@spillway/testing';
import { GenerationRaiser, type TouchedPost } from './generation-raiser.js';
import type { Touched } from './generations.js';

const at = (lsn: number, timeline = 1): Position => ({
  shard: 's0',
  timeline,
  lsn: lsn.toString(16).padStart(16, '0'),
});

interface Raised {
  readonly tenantId: string;
  readonly position: Position;
  readonly channels: readonly string[];
  readonly edited: boolean;
  readonly at: number;
}

describe('GenerationRaiser', () => {
  let raised: Raised[];
  let answers: boolean;
  let raiser: GenerationRaiser;

  beforeEach(() => {
    raised = [];
    answers = true;
    raiser = new GenerationRaiser({
      raise(tenantId: string, position: Position, { channels, edited }: Touched) {
        raised.push({ tenantId, position, channels: [...channels].sort(), edited, at: performance.now() });
        return Promise.resolve(answers);
      },
    });
  });
  afterEach(() => raiser.close());

  const commit = (position: Position, ...posts: TouchedPost[]): void => raiser.committed(position, posts);
  const count = (n: number, deadlineMs = 5_000) =>
    eventually(`${n} were raised`, () => raised.length >= n || notYet(raised.length), {
      everyMs: 5,
      deadlineMs,
    });

  it('raises at once what a batch changed, one tenant at a time', () => {
    commit(
      at(1),
      { tenantId: 'a', channelId: 'news' },
      { tenantId: 'b' },
      { tenantId: 'a', channelId: 'sport' },
      { tenantId: 'c', edited: true },
    );
    expect(raised).toMatchObject([
      { tenantId: 'a', position: at(1), channels: ['news', 'sport'], edited: false },
      { tenantId: 'b', channels: [], edited: false },
      { tenantId: 'c', channels: [], edited: true },
    ]);
  });

  it('raises a busy tenant four times a second, the last commit included', async () => {
    const until = performance.now() + 1_100;
    let lsn = 0;
    while (performance.now() < until) {
      commit(at(++lsn), { tenantId: 'a', channelId: `c${lsn % 3}` });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually('the last one', () => raised.at(-1)?.position.lsn === at(lsn).lsn, { everyMs: 5 });
    expect(raised.length).toBeGreaterThanOrEqual(4);
    expect(raised.length).toBeLessThanOrEqual(6);
    expect(raised[1]?.channels).toEqual(['c0', 'c1', 'c2']);
    for (const [n, one] of raised.entries()) {
      if (n > 0) expect(one.at - (raised[n - 1]?.at ?? 0)).toBeGreaterThanOrEqual(245);
    }
    expect(raiser.waiting).toBe(0);
  });

  it('takes the later position, also when batches end out of order or on a new timeline', async () => {
    commit(at(1), { tenantId: 'a' });
    commit(at(9), { tenantId: 'a' });
    commit(at(5), { tenantId: 'a' });
    await count(2);
    expect(raised[1]?.position).toEqual(at(9));
    commit(at(10), { tenantId: 'a' });
    commit(at(3, 2), { tenantId: 'a' });
    await count(3);
    expect(raised[2]?.position).toEqual(at(3, 2));
  });

  it('tries again what Redis did not take, together with what came since', async () => {
    answers = false;
    commit(at(1), { tenantId: 'a', channelId: 'news' });
    commit(at(2), { tenantId: 'a', channelId: 'sport' });
    answers = true;
    await count(2);
    expect(raised[1]).toMatchObject({ position: at(2), channels: ['news', 'sport'] });
    expect(raiser.waiting).toBe(0);
  });

  it('holds a bounded number of tenants and channels, whatever happens', () => {
    answers = false;
    for (let n = 0; n < 11_000; n++) commit(at(n), { tenantId: `t${n}` });
    expect(raiser.waiting).toBeLessThanOrEqual(10_000);
    for (let n = 0; n < 1_000; n++) commit(at(n), { tenantId: 't500', channelId: `c${n}` });
    answers = true;
    expect(raised.length).toBeLessThanOrEqual(201);
  });

  it('outdates every channel rather than naming hundreds', () => {
    commit(at(1), ...Array.from({ length: 250 }, (_, n) => ({ tenantId: 'a', channelId: `c${n}` })));
    expect(raised[0]?.edited).toBe(true);
    expect(raised[0]?.channels.length).toBeLessThanOrEqual(201);
  });

  it('tries for longer than any page is fresh', async () => {
    jest.useFakeTimers();
    try {
      answers = false;
      commit(at(1), { tenantId: 'a', edited: true });
      await jest.advanceTimersByTimeAsync(345_000);
      answers = true;
      const before = raised.length;
      await jest.advanceTimersByTimeAsync(2_000);
      expect(raised.slice(before)).toMatchObject([{ tenantId: 'a', position: at(1), edited: true }]);
      expect(raiser.waiting).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('raises what waits before it ends, once', async () => {
    commit(at(1), { tenantId: 'a' });
    commit(at(2), { tenantId: 'a', edited: true });
    await raiser.close();
    expect(raised.slice(1)).toMatchObject([{ tenantId: 'a', position: at(2), edited: true }]);
    expect(raiser.waiting).toBe(0);
  });

  it('ends although Redis does not answer', async () => {
    answers = false;
    for (let n = 0; n < 1_000; n++) commit(at(n), { tenantId: `t${n}` });
    await raiser.close();
    expect(raised.length).toBeLessThanOrEqual(400);
    expect(raiser.waiting).toBe(0);
  });

  it('raises nothing when nothing was changed, and nothing any more when it is closed', async () => {
    commit(at(1));
    await raiser.close();
    commit(at(2), { tenantId: 'a' });
    expect(raised).toEqual([]);
  });
});
