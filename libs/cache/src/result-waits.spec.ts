import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { uuidV7 } from '@spillway/contracts';
import { eventually, quietLogger, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { ResultWaits, type News } from './result-waits.js';
import { Results } from './results.js';

const shard = `spec-${randomUUID()}`;
const channel = `spillway:ended:${shard}`;
const never = new AbortController().signal;

describe('ResultWaits', () => {
  let leaks: LeakCheck;
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let control: Redis;
  let results: Results;
  let waits: ResultWaits;

  beforeAll(async () => {
    leaks = watchLeaks();
    control = new Redis(readStack().urlOf('redis'), { lazyConnect: true });
    await control.connect();
    cache = CacheConnection.open({ url: readStack().urlOf('redis'), name: 'a spec', logger: quietLogger });
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    results = new Results(cache);
  });
  afterAll(async () => {
    await control.quit();
    await cache.close();
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    const url = new URL(readStack().urlOf('redis'));
    proxy = await startTcpProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    waits = new ResultWaits({ url: url.href, name: 'a spec', shards: [shard, 'other'], idleMs: 50 });
  });
  afterEach(async () => {
    waits.close();
    await proxy.stop();
  });

  const subscribers = async (): Promise<number> => {
    const [, count] = (await control.pubsub('NUMSUB', channel)) as [string, number];
    return count;
  };
  const heard = (): Promise<true> =>
    eventually('the channel has a listener', async () => (await subscribers()) === 1, { everyMs: 5 });
  const end = (...ids: readonly string[]) => results.put({ shard, entries: [], changed: new Set(ids) });
  const timed = async (news: Promise<News>): Promise<readonly [News, number]> => {
    const startedAt = performance.now();
    return [await news, performance.now() - startedAt];
  };
  /** Waits for a command, with the first look behind it that hearing the channel brings. */
  const listening = async (commandId: string) => {
    const one = waits.listen(commandId);
    await heard();
    await one.next(500, never);
    return one;
  };

  it('wakes those who wait for a command, and nobody else', async () => {
    const [mine, theirs] = [uuidV7(), uuidV7()];
    const one = await listening(mine);
    const [two, three] = [waits.listen(mine), waits.listen(theirs)];
    const woken = [one, two].map((each) => timed(each.next(10_000, never)));
    const other = timed(three.next(300, never));
    await end(uuidV7(), mine);
    for (const [news, tookMs] of await Promise.all(woken)) {
      expect(news).toBe('ended');
      expect(tookMs).toBeLessThan(200);
    }
    const [news, tookMs] = await other;
    expect(news).toBe('look');
    expect(tookMs).toBeGreaterThan(200);
    for (const each of [one, two, three]) each.end();
    expect(waits.size).toBe(0);
  });

  it('keeps news that come between two looks', async () => {
    const id = uuidV7();
    const one = await listening(id);
    await end(id);
    await eventually('it was heard', async () => (await one.next(5, never)) === 'ended');
    one.end();
  });

  it('wakes two hundred from one publish a batch', async () => {
    const ids = Array.from({ length: 200 }, () => uuidV7());
    const [first = '', ...rest] = ids;
    const all = [await listening(first), ...rest.map((id) => waits.listen(id))];
    const woken = all.map((one) => one.next(10_000, never));
    const before = await published();
    await end(...ids);
    expect(new Set(await Promise.all(woken))).toEqual(new Set(['ended']));
    expect((await published()) - before).toBe(1);
    for (const one of all) one.end();
  });

  it('has a connection only while somebody waits', async () => {
    expect(await subscribers()).toBe(0);
    const one = await listening(uuidV7());
    one.end();
    await eventually('the connection is given up', async () => (await subscribers()) === 0);
    const id = uuidV7();
    const two = await listening(id);
    await end(id);
    expect(await two.next(5_000, never)).toBe('ended');
    two.end();
  });

  it('makes everybody look when the connection is lost, and when it is there again', async () => {
    const one = await listening(uuidV7());
    const lost = timed(one.next(10_000, never));
    await proxy.refuse();
    proxy.reset();
    expect(await lost).toEqual(['look', expect.closeTo(0, -3)]);
    await proxy.pass();
    await heard();
    const [news, tookMs] = await timed(one.next(10_000, never));
    expect(news).toBe('look');
    expect(tookMs).toBeLessThan(600);
    one.end();
  });

  it('makes everybody look every second while Redis is away, and ends a wait in time', async () => {
    await proxy.refuse();
    const one = waits.listen(uuidV7());
    const [, untilLook] = await timed(one.next(10_000, never));
    expect(untilLook).toBeGreaterThan(700);
    expect(untilLook).toBeLessThan(1_800);
    const [, untilEnd] = await timed(one.next(100, never));
    expect(untilEnd).toBeLessThan(500);
    one.end();
  });

  it('lets go at once of whoever is gone, and of all when it closes', async () => {
    const one = await listening(uuidV7());
    const gone = new AbortController();
    const left = one.next(10_000, gone.signal);
    gone.abort();
    expect(await left).toBe('look');
    expect(await one.next(10_000, gone.signal)).toBe('look');
    const held = one.next(10_000, never);
    waits.close();
    expect(await held).toBe('look');
    one.end();
  });

  it('finds a connection that says nothing any more', async () => {
    const id = uuidV7();
    const one = await listening(id);
    proxy.silence();
    await eventually('another one is tried', () => proxy.connections > 1, { deadlineMs: 15_000 });
    await proxy.pass();
    await eventually('the news are heard again', async () => {
      await end(id);
      return (await one.next(100, never)) === 'ended';
    });
    one.end();
  });

  const published = async (): Promise<number> => {
    const stats = await control.info('commandstats');
    return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
});
