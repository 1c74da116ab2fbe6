import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { Position } from '@spillway/contracts';
import { eventually, quietLogger, readStack, watchLeaks } from '@spillway/testing';
import type { LeakCheck } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { Generations } from './generations.js';
import { generationKey, pageKey } from './keys.js';
import { positionOfText, positionText } from './position-text.js';

const at = (lsn: number, timeline = 1, shard = 's0'): Position => ({
  shard,
  timeline,
  lsn: lsn.toString(16).padStart(16, '0'),
});
const anyPosition: fc.Arbitrary<Position> = fc.record({
  shard: fc.stringMatching(/^[a-z0-9-]{1,16}$/),
  timeline: fc.integer({ min: 1, max: 0xffffffff }),
  lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, '0')),
});

describe('Generations', () => {
  let leaks: LeakCheck;
  let control: Redis;
  let cache: CacheConnection;
  let generations: Generations;
  let tenant: string;

  beforeAll(async () => {
    leaks = watchLeaks();
    const url = readStack().urlOf('redis');
    control = new Redis(url, { lazyConnect: true });
    await control.connect();
    cache = CacheConnection.open({ url, name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    generations = new Generations(cache);
  });
  afterAll(async () => {
    await control.quit();
    await cache.close();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    tenant = `spec-${randomUUID()}`;
  });

  const created = (position: Position, ...channels: string[]) =>
    generations.raise(tenant, position, { channels, edited: false });
  const edited = (position: Position) => generations.raise(tenant, position, { channels: [], edited: true });
  const of = async (channel?: string): Promise<Position | null | undefined> => {
    const answer = await generations.find(tenant, channel === undefined ? 'tenant' : { channel });
    return answer.ok ? answer.value : undefined;
  };

  it('are raised for the tenant and the channels of a commit, and nobody else', async () => {
    await created(at(10), 'news');
    await created(at(20), 'sport', 'music');
    await created(at(30));
    expect(await of()).toEqual(at(30));
    expect(await of('news')).toEqual(at(10));
    expect(await of('music')).toEqual(at(20));
    expect(await of('nothing')).toBeNull();
    const others = await generations.find(`${tenant}x`, 'tenant');
    expect(others).toEqual({ ok: true, value: null });
  });

  it('are raised for every channel by an edit, whichever channel it was in', async () => {
    await created(at(10), 'news');
    await edited(at(20));
    expect(await of('news')).toEqual(at(20));
    await created(at(30), 'news');
    expect(await of('news')).toEqual(at(30));
    // Nobody knows what was committed to this one before.
    expect(await of('nothing')).toBeNull();
    expect(await generations.find(tenant, 'edits')).toEqual({ ok: true, value: at(20) });
  });

  it('are never lowered, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(1_000)), { minLength: 1 }),
        async (all) => {
          tenant = `spec-${randomUUID()}`;
          for (const [timeline, lsn] of all) await created(at(lsn, timeline));
          const [greatest = ''] = all
            .map(([timeline, lsn]) => positionText(at(lsn, timeline)))
            .sort()
            .reverse();
          expect(await of()).toEqual(positionOfText(greatest));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('go to the timeline of a promotion, although its log begins further back', async () => {
    await created(at(1_000), 'news');
    await created(at(900, 2), 'news');
    await created(at(2_000), 'news');
    expect(await of('news')).toEqual(at(900, 2));
  });

  it('begin where the caller says, unless a writer was faster', async () => {
    expect(await generations.begin(tenant, { channel: 'news' }, at(10))).toEqual(at(10));
    expect(await of('news')).toEqual(at(10));
    await created(at(20), 'news');
    expect(await generations.begin(tenant, { channel: 'news' }, at(15))).toEqual(at(20));
    await generations.begin(tenant, 'tenant', at(25));
    expect(await of()).toEqual(at(25));
  });

  it('of a tenant are one key, kept for ten minutes after the last that was raised', async () => {
    await created(at(10), 'news');
    await control.pexpire(generationKey(tenant), 60_000);
    await created(at(5), 'news');
    expect(await control.pttl(generationKey(tenant))).toBeLessThanOrEqual(60_000);
    await created(at(11), 'news');
    expect(await control.pttl(generationKey(tenant))).toBeGreaterThan(590_000);
  });

  it('are forgotten together when there are too many channels', async () => {
    const many = Array.from({ length: 10_001 }, (_, n) => [`c${n}`, positionText(at(10))]).flat();
    await control.hset(generationKey(tenant), ...many);
    await created(at(20), 'news');
    expect(await control.hlen(generationKey(tenant))).toBe(2);
    expect(await of('c1')).toBeNull();
    expect(await of('news')).toEqual(at(20));
  });

  it('are unknown when what is held is no position', async () => {
    await control.hset(generationKey(tenant), '.', 'what?');
    expect(await of()).toBeNull();
  });

  it('order positions as text', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        expect(positionOfText(positionText(a))).toEqual(a);
        const order = a.timeline - b.timeline || (a.lsn < b.lsn ? -1 : a.lsn > b.lsn ? 1 : 0);
        const [left, right] = [positionText({ ...a, shard: 's' }), positionText({ ...b, shard: 's' })];
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(order));
      }),
    );
  });

  it('and pages have keys that no other tenant, view or parameter can spell', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^["\\,|:[\]]{0,6}$/));
    const name = fc.record({ view: part, tenant: part, params: fc.array(part, { maxLength: 3 }) });
    fc.assert(
      fc.property(name, name, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(pageKey(a.view, a.tenant, a.params) === pageKey(b.view, b.tenant, b.params)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
    // The parts of one cannot move over into the next.
    expect(pageKey('v', 'a', ['b|c'])).not.toBe(pageKey('v', 'a|b', ['c']));
    expect(pageKey('v', 'a","b', [])).not.toBe(pageKey('v', 'a', ['b']));
  });
});
