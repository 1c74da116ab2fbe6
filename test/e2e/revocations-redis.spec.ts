import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  eventually,
  mintToken,
  readStack,
  startRedisServer,
  watchLeaks,
  type LeakCheck,
  type RedisServer,
} from '@spillway/testing';
import { freshTenant } from './api.js';
import { openEvents } from './event-stream.js';
import { startOwn, type OwnProcess } from './own-process.js';
import { commandOf } from './parked.js';

jest.setTimeout(120_000);
const APPS = ['gateway', 'reader'] as const;
const stack = readStack();

/** Gateways and readers beside those of the stack, at a Redis of their own that may be broken. */
describe('revoked tokens without Redis', () => {
  let leaks: LeakCheck;
  let redis: RedisServer;
  let good: string;
  let revoked: string;
  let running: OwnProcess[];

  beforeAll(() => {
    leaks = watchLeaks();
  });
  afterAll(() => leaks.expectNoLeaks());
  beforeEach(async () => {
    running = [];
    redis = await startRedisServer();
    const tenant = freshTenant();
    const [first, second] = await Promise.all(
      ['alice', 'bob'].map((sub) => mintToken(stack.dir, { tenant, sub })),
    );
    [good, revoked] = [first ?? '', second ?? ''];
    const { jti, exp } = claimsOf(revoked);
    await onRedis((client) =>
      client.hset('spillway:revoked:s0', { version: 'v1', [`${tenant}|${jti}`]: String(exp) }),
    );
  });
  afterEach(async () => {
    await Promise.all(running.map((own) => own.stop()));
    await redis.stop();
  });

  const onRedis = async (fn: (client: Redis) => Promise<unknown>): Promise<void> => {
    const client = new Redis(redis.url);
    client.on('error', () => undefined);
    await fn(client);
    client.disconnect();
  };
  const start = async (app: (typeof APPS)[number]): Promise<OwnProcess> => {
    const own = await startOwn(stack, app, { REDIS_URL: redis.url });
    running.push(own);
    return own;
  };
  /** Of a body that is refused anyway, and of a list: what the good and the revoked token are answered. */
  const answers = async (app: (typeof APPS)[number], { baseUrl }: OwnProcess): Promise<number[]> => {
    const ask = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const post = app === 'gateway' ? { method: 'POST', headers, body: '{}' } : { headers };
      const answer = await fetch(`${baseUrl}/v1/posts`, post);
      await answer.arrayBuffer();
      return answer.status;
    };
    return [await ask(good), await ask(revoked)];
  };

  it.each(APPS)('stay refused by a %s whose Redis is flushed, killed, and back with nothing', async (app) => {
    const own = await start(app);
    const holds = [app === 'gateway' ? 400 : 200, 401];
    expect(await answers(app, own)).toEqual(holds);
    await onRedis((client) => client.flushall());
    await eventually('it has looked', async () => ((await own.metric('revocations_age_seconds')) ?? 0) > 1.5);
    expect(await answers(app, own)).toEqual(holds);
    await redis.kill();
    expect(await answers(app, own)).toEqual(holds);
    await eventually('it has looked', async () => ((await own.metric('revocations_age_seconds')) ?? 0) > 3);
    expect(await answers(app, own)).toEqual(holds);
    await redis.restart();
    await onRedis((client) => client.hset('spillway:revoked:s0', { version: 'v2' }));
    await eventually(
      'it has the new list',
      async () => ((await own.metric('revocations_age_seconds')) ?? 9) < 1,
      { deadlineMs: 20_000 },
    );
    expect([await answers(app, own), await own.metric('revocations_held')]).toEqual([holds, 1]);
  });

  it.each(APPS)('pass at no %s that was started without Redis: 503, until the list is there', async (app) => {
    await redis.kill();
    const own = await start(app);
    expect(await answers(app, own)).toEqual([503, 503]);
    await redis.restart();
    const { jti, exp, tenant } = claimsOf(revoked);
    await onRedis((client) =>
      client.hset('spillway:revoked:s0', { version: 'v1', [`${tenant}|${jti}`]: String(exp) }),
    );
    await eventually('the list is there', async () => (await answers(app, own))[0] !== 503, {
      deadlineMs: 20_000,
    });
    expect(await answers(app, own)).toEqual([app === 'gateway' ? 400 : 200, 401]);
  });

  it('end the event streams that they opened, and no others', async () => {
    const { baseUrl } = await start('reader');
    const { jti, exp, tenant } = claimsOf(good);
    // Accepted as far as anybody can tell, and never sent: it stays in progress.
    const { jobId } = commandOf(tenant);
    const other = await mintToken(stack.dir, { tenant, sub: 'cho' });
    const [ended, goesOn] = await Promise.all(
      [good, other].map((token) => openEvents(`${baseUrl}/v1/jobs/${jobId}/events`, token)),
    );
    expect((await ended?.next())?.job.status).toBe('processing');
    expect((await goesOn?.next())?.job.status).toBe('processing');
    let isOver = false;
    const next = goesOn?.next().then(() => (isOver = true));
    await onRedis((client) =>
      client.hset('spillway:revoked:s0', { version: 'v2', [`${tenant}|${jti}`]: String(exp) }),
    );
    // By itself a stream lasts for minutes.
    expect(await ended?.next()).toBeNull();
    expect(isOver).toBe(false);
    await goesOn?.close();
    await next;
  });

  it('end the waits that they began, and no others', async () => {
    const own = await start('reader');
    const { jti, exp, tenant } = claimsOf(good);
    const { jobId } = commandOf(tenant);
    const other = await mintToken(stack.dir, { tenant, sub: 'cho' });
    const over = new Set<string>();
    const wait = async (token: string): Promise<readonly [number, unknown]> => {
      const headers = { authorization: `Bearer ${token}`, prefer: 'wait=10' };
      const answer = await fetch(`${own.baseUrl}/v1/jobs/${jobId}`, { headers });
      const { code, status } = (await answer.json()) as { code?: string; status: unknown };
      over.add(token);
      return [answer.status, code ?? status];
    };
    const goesOn = wait(other);
    const ended = wait(good);
    await eventually('both wait', async () => (await own.metric('requests_waiting')) === 2);
    await onRedis((client) =>
      client.hset('spillway:revoked:s0', { version: 'v2', [`${tenant}|${jti}`]: String(exp) }),
    );
    expect(await ended).toEqual([401, 'token_revoked']);
    // It began first, so it would have ended first.
    expect(over.has(other)).toBe(false);
    expect(await goesOn).toEqual([200, 'processing']);
  });
});

const claimsOf = (token: string): { jti: string; exp: number; tenant: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    jti: string;
    exp: number;
    tenant: string;
  };
