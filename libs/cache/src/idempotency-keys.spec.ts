import { createHash, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { uuidV7 } from '@spillway/contracts';
import { eventually, quietLogger, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { CacheConnection } from './cache-connection.js';
import { IdempotencyKeys, type BoundRequest, type KeyRef } from './idempotency-keys.js';

const PENDING_MS = 4_000;
const DAY_MS = 24 * 3600_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('IdempotencyKeys', () => {
  let leaks: LeakCheck;
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let control: Redis;
  let keys: IdempotencyKeys;
  let ref: KeyRef;
  const now = Date.now();

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
    await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
    keys = new IdempotencyKeys(cache);
    ref = { tenantId: `spec-${randomUUID()}`, authorId: 'alice', keyHash: sha256(randomUUID()) };
  });
  afterEach(async () => {
    await cache.close();
    await proxy.stop();
  });

  const request = (body = 'once'): BoundRequest => ({
    bodyHash: sha256(body),
    commandId: uuidV7(),
    acceptedAt: now,
  });
  const claim = (by: BoundRequest, at = now, of = ref) => keys.claim(of, by, at, at + PENDING_MS);
  const release = ({ commandId }: BoundRequest, at = now) => keys.release(ref, commandId, at + PENDING_MS);
  const ttl = (): Promise<number> =>
    control.pttl(`spillway:key:${ref.tenantId}|${ref.authorId}|${ref.keyHash}`);

  it('are bound to the first request, for a day', async () => {
    const first = request();
    expect(await claim(first)).toEqual({ is: 'ours' });
    expect(await claim(request())).toEqual({ is: 'in_progress', bound: first });
    expect(await claim(request('another'))).toEqual({ is: 'in_progress', bound: first });
    expect(await ttl()).toBeGreaterThan(DAY_MS - 60_000);
    expect(await ttl()).toBeLessThanOrEqual(DAY_MS);
  });

  it('are bound to one of a hundred that come at once', async () => {
    const states = await Promise.all(Array.from({ length: 100 }, () => claim(request())));
    expect(states.filter(({ is }) => is === 'ours')).toHaveLength(1);
    const bound = states.flatMap((state) => ('bound' in state ? [state.bound.commandId] : []));
    expect(bound).toHaveLength(99);
    expect(new Set(bound).size).toBe(1);
  });

  it('belong to a tenant and an author', async () => {
    await claim(request());
    expect(await claim(request(), now, { ...ref, authorId: 'bob' })).toEqual({ is: 'ours' });
    expect(await claim(request(), now, { ...ref, tenantId: `${ref.tenantId}x` })).toEqual({ is: 'ours' });
  });

  it('are not shared by a tenant and an author that are spelt the same side by side', async () => {
    await claim(request(), now, { ...ref, authorId: 'a:b' });
    const other = { ...ref, tenantId: `${ref.tenantId}:a`, authorId: 'b' };
    expect(await claim(request(), now, other)).toEqual({ is: 'ours' });
  });

  it('are done once the command was confirmed, however late', async () => {
    const first = request();
    await claim(first);
    await keys.finish(ref, first.commandId);
    for (const at of [now, now + PENDING_MS, now + DAY_MS]) {
      expect(await claim(request(), at)).toEqual({ is: 'done', bound: first });
    }
    await release(first);
    expect(await claim(request())).toEqual({ is: 'done', bound: first });
    expect(await ttl()).toBeGreaterThan(0);
  });

  it('are abandoned when their time is over: one other takes them over, with the same command', async () => {
    const first = request();
    await claim(first);
    expect(await claim(request(), now + PENDING_MS - 1)).toMatchObject({ is: 'in_progress' });
    expect(await claim(request(), now + PENDING_MS)).toEqual({ is: 'abandoned', bound: first });
    expect(await claim(request(), now + PENDING_MS)).toEqual({ is: 'in_progress', bound: first });
    expect(await claim(request(), now + 2 * PENDING_MS)).toEqual({ is: 'abandoned', bound: first });
  });

  it('are not taken over by another body', async () => {
    const first = request();
    await claim(first);
    expect(await claim(request('another'), now + PENDING_MS)).toEqual({ is: 'abandoned', bound: first });
    expect(await claim(request(), now + PENDING_MS)).toEqual({ is: 'abandoned', bound: first });
  });

  it('are free again when released, by the command that holds them and by no other', async () => {
    const first = request();
    await claim(first);
    await release(request());
    expect(await claim(request())).toMatchObject({ is: 'in_progress' });
    await release(first);
    const second = request('another');
    expect(await claim(second)).toEqual({ is: 'ours' });
    expect(await claim(request())).toEqual({ is: 'in_progress', bound: second });
  });

  it('are not released by who was held up until another had taken them over', async () => {
    const first = request();
    await claim(first);
    expect(await claim(request(), now + PENDING_MS)).toMatchObject({ is: 'abandoned' });
    await release(first);
    expect(await claim(request(), now + PENDING_MS)).toEqual({ is: 'in_progress', bound: first });
    await keys.finish(ref, first.commandId);
    expect(await claim(request(), now + PENDING_MS)).toEqual({ is: 'done', bound: first });
  });

  it('are not done by a command that Redis has forgotten: the one that holds them now may fail', async () => {
    const [forgotten, holder] = [request(), request()];
    await claim(forgotten);
    await control.del(`spillway:key:${ref.tenantId}|${ref.authorId}|${ref.keyHash}`);
    expect(await claim(holder)).toEqual({ is: 'ours' });
    await keys.finish(ref, forgotten.commandId);
    expect(await claim(request())).toEqual({ is: 'in_progress', bound: holder });
    await release(holder);
    expect(await claim(request())).toEqual({ is: 'ours' });
  });

  it('are not made by finishing one that Redis has forgotten', async () => {
    await keys.finish(ref, uuidV7());
    expect(await claim(request())).toEqual({ is: 'ours' });
  });

  it('are unknown while Redis is away, and nothing fails for it', async () => {
    proxy.silence();
    expect(await claim(request())).toEqual({ is: 'unknown' });
    await keys.finish(ref, uuidV7());
    await release(request());
    await proxy.pass();
  });
});
