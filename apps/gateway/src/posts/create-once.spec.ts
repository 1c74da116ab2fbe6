import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Principal } from '@spillway/auth';
import { CacheConnection, IdempotencyKeys } from '@spillway/cache';
import { ShardDirectory, SigningKeys } from '@spillway/contracts/server';
import { BrokerConnection, Publisher } from '@spillway/messaging';
import {
  eventually,
  freePort,
  quietLogger,
  readStack,
  startTcpProxy,
  type TcpProxy,
} from '@spillway/testing';
import { CommandAcceptor } from './accept-command.js';
import { CreateOnce } from './create-once.js';

/** Longer than any patience with Redis: it carries out what it is told, and nobody hears of it. */
const LATE_MS = 700;

describe('CreateOnce without a broker', () => {
  let proxy: TcpProxy;
  let cache: CacheConnection;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let once: CreateOnce;
  const principal: Principal = {
    sub: 'alice',
    tenant: `spec-${randomUUID()}`,
    roles: new Set(['author'] as const),
    expiresAtMs: Date.now() + 60_000,
  };

  beforeAll(async () => {
    const url = new URL(readStack().urlOf('redis'));
    proxy = await startTcpProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    cache = CacheConnection.open({ url: url.href, name: 'a spec', logger: quietLogger });
    await redisAnswers();
    const urls = [`amqp://127.0.0.1:${await freePort()}`];
    connection = BrokerConnection.open({ urls, name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 1_000, maxUnconfirmed: 10 });
    const keys = SigningKeys.parse(`a:${randomBytes(32).toString('base64')}`, 'ticket');
    const acceptor = new CommandAcceptor(publisher, ShardDirectory.parse('s0:0-1023'), keys);
    once = new CreateOnce({ acceptor, keys: new IdempotencyKeys(cache), pendingMs: 2_000 });
  });
  afterAll(async () => {
    await publisher.close();
    await connection.close();
    await cache.close();
    await proxy.stop();
  });

  const redisAnswers = () =>
    eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
  const refused = (key: string, content: string) =>
    expect(
      once.create({ principal, key, input: { content } }, { lane: 'write', span: undefined }),
    ).rejects.toMatchObject({ code: 'broker_unavailable' });

  it('frees the key of a request that had no effect', async () => {
    await refused('a', 'first');
    await refused('a', 'another');
  });

  it('frees it as well when Redis bound it without being heard', async () => {
    proxy.latency(LATE_MS);
    await refused('b', 'first');
    proxy.latency(0);
    await redisAnswers();
    await refused('b', 'another');
  });
});
