import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { REVOCATIONS_PER_SHARD } from '@spillway/contracts';
import { eventually, notYet, quietLogger, startRedisServer, watchLeaks } from '@spillway/testing';
import type { LeakCheck, RedisServer } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { RevocationList } from './revocation-list.js';
import { RevokedTokens } from './revoked-tokens.js';

const SHARD = 's0';
const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('RevocationList', () => {
  let leaks: LeakCheck;
  let server: RedisServer;
  let cache: CacheConnection;
  let control: Redis;
  let tokens: RevokedTokens;
  let lists: RevocationList[];
  const tenantId = `t-${randomUUID()}`;

  beforeAll(() => {
    leaks = watchLeaks();
  });
  afterAll(() => leaks.expectNoLeaks());
  beforeEach(async () => {
    lists = [];
    server = await startRedisServer();
    control = new Redis(server.url, { maxRetriesPerRequest: null });
    control.on('error', () => undefined);
    cache = CacheConnection.open({ url: server.url, name: 'a spec', logger: quietLogger });
    tokens = new RevokedTokens(cache);
    await answers();
  });
  afterEach(async () => {
    await Promise.all(lists.map((list) => list.stop()));
    await cache.close();
    control.disconnect();
    await server.stop();
  });
  const answers = () =>
    eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok, {
      deadlineMs: 15_000,
    });
  const open = (shards: readonly string[] = [SHARD], now?: () => number): RevocationList => {
    const list = new RevocationList({ tokens, shards, logger: quietLogger, ...(now ? { now } : {}) });
    lists.push(list);
    return list;
  };
  const token = (jti: string, exp = seconds() + 3_600) => ({ tenantId, jti, exp });
  const gets = async (): Promise<{ hget: number; hgetall: number }> => {
    const text = await control.info('commandstats');
    const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    return { hget: calls('hget'), hgetall: calls('hgetall') };
  };

  it('is not known before its mirror was there, and an empty one is a list', async () => {
    const list = open();
    await list.start();
    expect([list.known, await list.probe.check()]).toEqual([false, expect.objectContaining({ up: false })]);
    await tokens.putAll(SHARD, [], seconds());
    await eventually('it is known', () => list.known);
    expect([list.size, await list.probe.check(), list.probe.required]).toEqual([0, { up: true }, true]);
    expect(list.ageSeconds).toBeLessThan(2);
  });

  it('needs the mirror of every shard', async () => {
    const list = open([SHARD, 's1']);
    await tokens.putAll(SHARD, [], seconds());
    await list.refresh();
    expect(list.known).toBe(false);
    await tokens.putAll('s1', [token('b')], seconds());
    await list.refresh();
    expect([list.known, list.isRevoked(tenantId, 'b')]).toEqual([true, true]);
  });

  it('knows of a new token within two seconds, of its tenant alone', async () => {
    await tokens.putAll(SHARD, [token('old')], seconds());
    const list = open();
    await list.start();
    expect(list.isRevoked(tenantId, 'old')).toBe(true);
    const startedAt = Date.now();
    expect(await tokens.add(SHARD, [token('new')])).toBe(true);
    await eventually('it is revoked', () => list.isRevoked(tenantId, 'new'), { everyMs: 10 });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(list.isRevoked(`${tenantId}x`, 'new')).toBe(false);
    expect(list.size).toBe(2);
  });

  it('costs one small look while nothing changes', async () => {
    await tokens.putAll(SHARD, [token('a')], seconds());
    const list = open();
    await list.refresh();
    const before = await gets();
    for (let n = 0; n < 20; n++) await list.refresh();
    await tokens.putAll(SHARD, [token('a')], seconds());
    await tokens.add(SHARD, [token('a', seconds())]);
    const own = await gets();
    await list.refresh();
    const after = await gets();
    expect(after.hgetall - own.hgetall).toBe(0);
    expect(own.hget - before.hget).toBeGreaterThanOrEqual(20);
  });

  it('forgets nothing when Redis is flushed, killed or begun anew with less', async () => {
    await tokens.putAll(SHARD, [token('a')], seconds());
    const list = open();
    await list.start();
    const holds = () => expect([list.known, list.isRevoked(tenantId, 'a')]).toEqual([true, true]);
    await control.flushall();
    await list.refresh();
    holds();
    expect(await tokens.add(SHARD, [token('b')])).toBe(false);
    expect(await tokens.version(SHARD)).toEqual({ ok: true, value: null });
    await server.kill();
    await list.refresh();
    holds();
    expect(await tokens.add(SHARD, [token('b')])).toBe(false);
    expect(await tokens.putAll(SHARD, [token('b')], seconds())).toBe(false);
    await server.restart();
    await answers();
    await tokens.putAll(SHARD, [token('b')], seconds());
    await eventually('it heard of the new one', () => list.isRevoked(tenantId, 'b'), { deadlineMs: 15_000 });
    holds();
  });

  it('says how old it is while Redis is away', async () => {
    await tokens.putAll(SHARD, [], seconds());
    let now = Date.now();
    const list = open([SHARD], () => now);
    await list.refresh();
    await server.kill();
    now += 30_000;
    await list.refresh();
    expect(list.ageSeconds).toBe(30);
  });

  it('drops what has expired, in memory and in the mirror', async () => {
    let now = Date.now();
    await tokens.putAll(SHARD, [token('short', seconds() + 10), token('long', seconds() + 7_200)], seconds());
    const list = open([SHARD], () => now);
    await list.refresh();
    expect(list.size).toBe(2);
    // By as much a clock may have been ahead, and be set right.
    now += 59 * 60_000;
    await list.refresh();
    expect(list.size).toBe(2);
    now += 2 * 60_000;
    await list.refresh();
    expect([list.size, list.isRevoked(tenantId, 'long')]).toEqual([1, true]);
    await tokens.putAll(SHARD, [], Math.floor(now / 1_000));
    const all = await tokens.all(SHARD);
    expect(all.ok && all.value?.tokens.map(({ jti }) => jti)).toEqual(['long']);
  });

  it('keeps the later end, and a tenant and jti with colons as they are', async () => {
    const odd = { tenantId: 'a:b', jti: 'version', exp: seconds() + 50 };
    await tokens.putAll(SHARD, [odd], seconds());
    await tokens.add(SHARD, [{ ...odd, exp: seconds() + 9 }]);
    const all = await tokens.all(SHARD);
    expect(all.ok && all.value?.tokens).toEqual([odd]);
  });

  it('takes a list of the size that writers allow, in one look', async () => {
    const many = Array.from({ length: REVOCATIONS_PER_SHARD }, (_, n) => token(`${randomUUID()}-${n}`));
    await eventually('Redis took all', () => tokens.putAll(SHARD, many, seconds()));
    const list = open();
    await eventually('all are there', async () => {
      await list.refresh();
      return list.size === many.length ? true : notYet(list.size);
    });
  });
});
