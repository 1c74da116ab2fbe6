import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CacheConnection, QuotaGateways, QuotaLeases } from '@spillway/cache';
import { eventually, quietLogger, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { Quota, type QuotaOptions } from './quota.js';

const TTL_MS = 60_000;

describe('Quota, over gateways that share Redis', () => {
  let leaks: LeakCheck;
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let now: number;

  beforeAll(async () => {
    leaks = watchLeaks();
    const url = new URL(readStack().urlOf('redis'));
    proxy = await startTcpProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    cache = CacheConnection.open({ url: url.href, name: 'a spec', logger: quietLogger, deadlineMs: 10_000 });
  });
  afterAll(async () => {
    await cache.close();
    await proxy.stop();
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    await proxy.pass();
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    now = Math.floor(Date.now() / TTL_MS) * TTL_MS;
  });

  const gateway = (gateways: number, options: Partial<QuotaOptions> = {}): Quota =>
    new Quota({
      leases: new QuotaLeases(cache),
      gateways: { count: gateways },
      ttlMs: TTL_MS,
      defaults: { tenant: 0, author: 0 },
      overrides: new Map(),
      now: () => now,
      ...options,
    });
  const somebody = (tenant = `spec-${randomUUID()}`) => ({ tenant, sub: 'alice' });
  const accepted = async (
    quota: Quota,
    caller: { tenant: string; sub: string },
    posts = 1,
  ): Promise<number> => ((await quota.take(caller, posts)).accepted ? posts : 0);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

  it('never accepts more than the limit in a window, and at least nine tenths of what is asked of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.record({ at: fc.nat(2), posts: fc.integer({ min: 1, max: 5 }) }), {
          minLength: 50,
          maxLength: 200,
        }),
        async (limit, requests) => {
          const own = [1, 2, 3].map(() => gateway(3, { defaults: { tenant: 0, author: limit } }));
          const caller = somebody();
          const taken = await Promise.all(
            requests.map(({ at, posts }) => accepted(own[at] ?? gateway(3), caller, posts)),
          );
          const asked = sum(requests.map(({ posts }) => posts));
          expect(sum(taken)).toBeLessThanOrEqual(limit);
          // A batch is taken whole or not at all, so up to 4 may be left over at each gateway.
          expect(sum(taken)).toBeGreaterThanOrEqual(Math.min(asked, Math.floor(limit * 0.9)) - 3 * 4);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('accepts exactly the limit where every gateway is asked for more', async () => {
    const caller = somebody();
    const options = { defaults: { tenant: 1_000, author: 0 } };
    const [one, other] = [gateway(2, options), gateway(2, options)];
    const taken = await Promise.all(
      Array.from({ length: 4_000 }, (_, n) => accepted(n % 2 ? one : other, caller)),
    );
    expect(sum(taken)).toBe(1_000);
    now += TTL_MS;
    expect(await accepted(one, caller)).toBe(1);
  });

  it('asks Redis rarely, and not at all for those who post little', async () => {
    let trips = 0;
    const leases = new QuotaLeases(cache);
    const counting = {
      take: (request: Parameters<QuotaLeases['take']>[0]) => (trips++, leases.take(request)),
    };
    const quota = gateway(2, { leases: counting, defaults: { tenant: 10_000, author: 100 } });
    for (let n = 0; n < 200; n++) await quota.take({ ...somebody('spec-few'), sub: `author-${n}` });
    expect(trips).toBe(0);
    for (let n = 0; n < 5_000; n++) await quota.take({ tenant: somebody().tenant, sub: 'x' });
    const caller = somebody();
    trips = 0;
    const many = gateway(2, { leases: counting, defaults: { tenant: 10_000, author: 0 } });
    for (let n = 0; n < 9_000; n++) await many.take(caller);
    expect(trips).toBeLessThan(60);
  });

  it('refuses nobody but the tenant that is too loud', async () => {
    const quota = gateway(1, { defaults: { tenant: 100, author: 0 } });
    const [loud, still] = [somebody(), somebody()];
    const taken = { loud: 0, still: 0 };
    for (let n = 0; n < 2_000; n++) {
      taken.loud += await accepted(quota, loud);
      if (n % 20 === 0 && n < 1_900) taken.still += await accepted(quota, still);
    }
    expect(taken).toEqual({ loud: 100, still: 95 });
  });

  it('counts authors and tenants, and takes nothing of one when the other refuses', async () => {
    const quota = gateway(1, {
      overrides: new Map([['spec-both', { tenant: 25, author: 20 }]]),
      defaults: { tenant: 0, author: 0 },
    });
    const tenant = 'spec-both';
    now += Math.floor(Math.random() * 1e6) * TTL_MS;
    expect(await accepted(quota, { tenant, sub: 'a' }, 20)).toBe(20);
    expect(await accepted(quota, { tenant, sub: 'b' }, 6)).toBe(0);
    expect(await accepted(quota, { tenant, sub: 'b' }, 5)).toBe(5);
    expect((await quota.take({ tenant, sub: 'b' })).problem.code).toBe('quota_exceeded');
    expect(await accepted(quota, { tenant: 'spec-unlimited', sub: 'b' }, 1_000_000)).toBe(1_000_000);
  });

  it('gives back what had no effect, and nothing to another window', async () => {
    const quota = gateway(1, { defaults: { tenant: 0, author: 10 } });
    const caller = somebody();
    const first = await quota.take(caller, 10);
    expect(await accepted(quota, caller)).toBe(0);
    first.giveBack();
    const second = await quota.take(caller, 10);
    expect(second.accepted).toBe(true);
    now += TTL_MS;
    expect(await accepted(quota, caller, 10)).toBe(10);
    second.giveBack();
    expect(await accepted(quota, caller)).toBe(0);
  });

  it('goes on with its part of the limit while Redis is away, and counts it afterwards', async () => {
    const options = { defaults: { tenant: 0, author: 100 } };
    const [one, other] = [gateway(2, options), gateway(2, options)];
    const caller = somebody();
    expect(await accepted(one, caller, 10)).toBe(10);
    await proxy.refuse();
    proxy.reset();
    await eventually('redis is away', async () => !(await cache.call((redis) => redis.ping())).ok);
    const startedAt = performance.now();
    const alone = await Promise.all(Array.from({ length: 200 }, () => accepted(one, caller)));
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(sum(alone)).toBe(40);
    await proxy.pass();
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    now += 1_000;
    const after = await Promise.all(
      Array.from({ length: 200 }, (_, n) => accepted(n % 2 ? one : other, caller)),
    );
    expect(50 + sum(after)).toBeLessThanOrEqual(100);
    expect(50 + sum(after)).toBeGreaterThanOrEqual(90);
  });

  it('counts once what a slow Redis is told again and again, and loses no lease that came too late', async () => {
    const url = new URL(readStack().urlOf('redis'));
    url.port = String(proxy.port);
    const hasty = CacheConnection.open({
      url: url.href,
      name: 'a spec',
      logger: quietLogger,
      deadlineMs: 100,
    });
    const redisAnswers = () =>
      eventually('redis answers', async () => (await hasty.call((redis) => redis.ping())).ok);
    try {
      await redisAnswers();
      const options = { leases: new QuotaLeases(hasty), defaults: { tenant: 0, author: 600 } };
      const [one, other] = [gateway(2, options), gateway(2, options)];
      const caller = somebody();
      let taken = 0;
      proxy.latency(300);
      for (let slow = 0; slow < 3; slow++) {
        for (let n = 0; n < 120; n++) taken += await accepted(one, caller);
        now += 1_000;
      }
      expect(taken).toBe(300);
      proxy.latency(0);
      await redisAnswers();
      for (let n = 0; n < 1_000; n++) taken += await accepted(n % 2 ? one : other, caller);
      expect(taken).toBeLessThanOrEqual(600);
      expect(taken).toBeGreaterThanOrEqual(570);
    } finally {
      await hasty.close();
    }
  });

  it('holds a bounded number of authors, and being forgotten gives nobody more', async () => {
    const quota = gateway(1, { defaults: { tenant: 0, author: 20 }, maxSubjects: 5 });
    const { tenant } = somebody();
    let taken = 0;
    for (let round = 0; round < 30; round++)
      for (let n = 0; n < 10; n++) taken += await accepted(quota, { tenant, sub: `author-${n}` });
    // The first authors had their share beforehand when nothing had been forgotten yet.
    expect(taken).toBeLessThanOrEqual(10 * 20);
  });

  it('counts the gateways that are there', async () => {
    const [a, b] = [
      new QuotaGateways(cache, `spec-${randomUUID()}`),
      new QuotaGateways(cache, `spec-${randomUUID()}`),
    ];
    await a.beat();
    const alone = a.count;
    await b.beat();
    await a.beat();
    expect([a.count, b.count]).toEqual([alone + 1, alone + 1]);
    await b.stop();
    await a.beat();
    expect(a.count).toBe(alone);
    await a.stop();
  });
});
