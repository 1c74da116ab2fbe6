import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { uuidV7 } from '@spillway/contracts';
import {
  eventually,
  freePort,
  notYet,
  quietLogger,
  readStack,
  startTcpProxy,
  watchLeaks,
} from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { clockOffsetMs } from './clock-offset.js';
import { cacheProbe } from './probe.js';
import { Results, type Result, type ResultEntry } from './results.js';

const tenantId = `spec-${randomUUID()}`;

describe('CacheConnection', () => {
  let leaks: LeakCheck;
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let control: Redis;

  beforeAll(async () => {
    leaks = watchLeaks();
    control = new Redis(readStack().urlOf('redis'), { lazyConnect: true });
    await control.connect();
  });
  afterAll(async () => {
    await control.quit();
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    const url = new URL(readStack().urlOf('redis'));
    proxy = await startTcpProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    cache = CacheConnection.open({ url: url.href, name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await ping()).ok);
  });
  afterEach(async () => {
    await cache.close();
    await proxy.stop();
  });
  const ping = () => cache.call((redis) => redis.ping());
  const timed = async <T>(fn: () => Promise<T>): Promise<readonly [T, number]> => {
    const startedAt = performance.now();
    return [await fn(), performance.now() - startedAt];
  };

  it('answers with what Redis says', async () => {
    expect(await ping()).toEqual({ ok: true, value: 'PONG' });
    expect(await cacheProbe(cache).check()).toEqual({ up: true });
  });

  it('is never required', () => {
    expect(cacheProbe(cache).required).toBe(false);
  });

  it('takes an error for an absent answer, not for an exception', async () => {
    const key = `${tenantId}:text`;
    await control.set(key, 'x', 'EX', 60);
    expect(await cache.call((redis) => redis.incr(key))).toEqual({ ok: false });
  });

  it('gives up after its deadline when Redis says nothing, then at once, and comes back', async () => {
    proxy.silence();
    const [first, firstMs] = await timed(ping);
    expect(first).toEqual({ ok: false });
    expect(firstMs).toBeGreaterThanOrEqual(95);
    expect(firstMs).toBeLessThan(400);
    expect(await cacheProbe(cache).check()).toMatchObject({ up: false });
    await eventually('the breaker opens', async () => {
      const [, tookMs] = await timed(ping);
      return tookMs < 20;
    });
    const [, hundredMs] = await timed(() => Promise.all(Array.from({ length: 100 }, ping)));
    expect(hundredMs).toBeLessThan(90);
    await proxy.pass();
    expect(await eventually('redis answers again', async () => (await ping()).ok)).toBe(true);
  });

  it('comes back also when the clock was set back meanwhile', async () => {
    proxy.silence();
    for (let n = 0; n < 6; n++) expect((await ping()).ok).toBe(false);
    const back = Date.now() - 600_000;
    const startedAt = performance.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => back + performance.now() - startedAt);
    try {
      await proxy.pass();
      await eventually('redis answers', async () => (await ping()).ok, { deadlineMs: 10_000 });
    } finally {
      clock.mockRestore();
    }
  });

  it('queues nothing while there is no connection, and connects again by itself', async () => {
    await proxy.refuse();
    proxy.reset();
    await eventually('it is noticed', async () => !(await ping()).ok);
    const key = `${tenantId}:late`;
    const [answers, tookMs] = await timed(() =>
      Promise.all(Array.from({ length: 50 }, () => cache.call((redis) => redis.set(key, 'late', 'EX', 60)))),
    );
    expect(answers.every(({ ok }) => !ok)).toBe(true);
    expect(tookMs).toBeLessThan(400);
    await proxy.pass();
    await eventually('redis answers again', async () => (await ping()).ok, { deadlineMs: 15_000 });
    expect(await control.get(key)).toBeNull();
  });

  it('has no patience with a Redis that has been silent: who asks whether it is back holds up all others', async () => {
    const patiently = () => timed(() => cache.callPatiently((redis) => redis.ping()));
    proxy.silence();
    await eventually('the breaker opens', async () => (await timed(ping))[1] < 20);
    const asked = await eventually('a patient call asks whether it is back', async () => {
      const [, tookMs] = await patiently();
      return tookMs >= 95 ? tookMs : notYet(tookMs);
    });
    expect(asked).toBeLessThan(450);
  });

  it('is used again when the connection was lost with commands under way, and is back at the first attempt', async () => {
    proxy.silence();
    const underWay = Promise.all(Array.from({ length: 3 }, ping));
    await eventually('they are on their way', () => proxy.connections > 0);
    proxy.reset();
    await proxy.pass();
    expect((await underWay).every(({ ok }) => !ok)).toBe(true);
    await eventually('redis answers again', async () => (await ping()).ok, { deadlineMs: 10_000 });
  });

  it('compares clocks, and knows nothing without Redis', async () => {
    expect(Math.abs((await clockOffsetMs(cache)) ?? Number.NaN)).toBeLessThan(1_000);
    proxy.silence();
    expect(await clockOffsetMs(cache)).toBeUndefined();
    await proxy.pass();
  });

  it('starts while Redis is away', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const lonely = CacheConnection.open({ url, name: 'a spec', logger: quietLogger });
    expect(await lonely.call((redis) => redis.ping())).toEqual({ ok: false });
    await lonely.close();
  });

  describe('Results', () => {
    const completed: Result = {
      ended: 'completed',
      at: 1_760_000_000_000,
      position: { shard: 's0', timeline: 1, lsn: '00000016b374d848' },
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    };
    const failed: Result = { ended: 'failed', at: 1, code: 'id_taken', detail: 'Another post has this id' };

    const put = (entries: readonly ResultEntry[]) =>
      new Results(cache).put({ shard: 's0', entries, changed: new Set() });

    it('gives back what was put, to its tenant and command alone, for ten minutes', async () => {
      const results = new Results(cache);
      const [one, two] = [uuidV7(), uuidV7()];
      await put([
        { tenantId, commandId: one, result: completed },
        { tenantId, commandId: two, result: failed },
      ]);
      expect(await results.get(tenantId, one)).toEqual(completed);
      expect(await results.get(tenantId, two)).toEqual(failed);
      expect(await results.get(`${tenantId}x`, one)).toBeUndefined();
      expect(await results.get(tenantId, uuidV7())).toBeUndefined();
      const ttl = await control.ttl(`spillway:result:${tenantId}:${one}`);
      expect(ttl).toBeGreaterThan(590);
      expect(ttl).toBeLessThanOrEqual(600);
    });

    it('takes a whole batch, and nothing at all', async () => {
      const results = new Results(cache);
      const ids = Array.from({ length: 500 }, () => uuidV7());
      await put(ids.map((commandId) => ({ tenantId, commandId, result: completed })));
      await put([]);
      // A busy Redis may need longer for all of them than anybody waits.
      const last = await eventually('the last one is there', () => results.get(tenantId, ids.at(-1) ?? ''));
      expect(last).toEqual(completed);
    });

    it('knows nothing without Redis, and does not fail for it', async () => {
      const results = new Results(cache);
      proxy.silence();
      await put([{ tenantId, commandId: uuidV7(), result: completed }]);
      expect(await results.get(tenantId, uuidV7())).toBeUndefined();
      await proxy.pass();
    });

    it('takes an entry that it cannot read for none', async () => {
      const commandId = uuidV7();
      await control.set(`spillway:result:${tenantId}:${commandId}`, '{"ended":', 'EX', 60);
      expect(await new Results(cache).get(tenantId, commandId)).toBeUndefined();
    });
  });
});
