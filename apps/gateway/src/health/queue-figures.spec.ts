import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import type { LedgerFigures } from '@spillway/contracts/server';
import { bulkQueue, QueueDepths, writeQueue } from '@spillway/messaging';
import { eventually, freePort, notYet, readStack, startTcpProxy, watchLeaks } from '@spillway/testing';
import type { LeakCheck } from '@spillway/testing';
import { QueueFiguresReader, type QueueFigures } from './queue-figures.js';

const UNKNOWN: QueueFigures = {
  queue: 'post-creation',
  waiting: null,
  active: null,
  completed: null,
  failed: null,
  delayed: null,
  total: null,
};

const LEDGER: LedgerFigures = {
  at: 1,
  accepted: 20,
  committed: 10,
  duplicate: 3,
  superseded: 2,
  failed: 4,
  surplus: 0,
  parked: 1,
};
const nothing = { figures: () => Promise.resolve(undefined) };
const readerOf = (url: string, shards: readonly string[]): QueueFiguresReader =>
  new QueueFiguresReader(new QueueDepths(url), nothing, shards);

describe('QueueFiguresReader', () => {
  const shard = `spec-${randomBytes(3).toString('hex')}`;
  const queues = [writeQueue(shard), bulkQueue(shard)];
  let leaks: LeakCheck;
  let connection: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    leaks = watchLeaks();
    connection = await connect(readStack().urlOf('rabbitmq'));
    channel = await connection.createChannel();
    for (const queue of queues) await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  });
  afterAll(async () => {
    for (const queue of queues) await channel.deleteQueue(queue);
    await connection.close();
    await leaks.expectNoLeaks();
  });

  it('tells what waits and what is being worked on, and null for what it cannot know', async () => {
    for (let n = 0; n < 3; n++)
      channel.sendToQueue(writeQueue(shard), Buffer.from('x'), { persistent: true });
    for (let n = 0; n < 2; n++) channel.sendToQueue(bulkQueue(shard), Buffer.from('x'), { persistent: true });
    await eventually('one is taken', () => channel.get(writeQueue(shard)));
    const figures = await eventually(
      'the management API has counted',
      async () => {
        const seen = await readerOf(monitorUrl(), [shard]).read();
        return seen.waiting === 4 && seen.active === 1 ? seen : notYet(seen);
      },
      { deadlineMs: 20_000, everyMs: 250 },
    );
    expect(figures).toMatchObject({ queue: 'post-creation', completed: null, failed: null });
    expect(figures.total).toBe(5 + (figures.delayed ?? Number.NaN));
  }, 30_000);

  it('asks at most once a second, however often it is asked', async () => {
    const reader = readerOf(monitorUrl(), [shard]);
    expect(reader.read()).toBe(reader.read());
    await reader.read();
  });

  it('does not take a queue that is not there for an empty one', async () => {
    expect(await readerOf(monitorUrl(), [shard, 'nowhere']).read()).toEqual(UNKNOWN);
  });

  it('tells what ended from the ledger, when it is known of every shard, also without the broker', async () => {
    const url = `http://monitor:x@127.0.0.1:${await freePort()}`;
    const known = { figures: () => Promise.resolve(LEDGER) };
    expect(await new QueueFiguresReader(new QueueDepths(url), known, ['a', 'b']).read()).toEqual({
      ...UNKNOWN,
      completed: 30,
      failed: 8,
    });
    const half = { figures: (of: string) => Promise.resolve(of === 'a' ? LEDGER : undefined) };
    expect(await new QueueFiguresReader(new QueueDepths(url), half, ['a', 'b']).read()).toEqual(UNKNOWN);
  });

  it('knows nothing when nothing answers, or something else does', async () => {
    const nothing = readerOf(`http://monitor:x@127.0.0.1:${await freePort()}`, [shard]);
    expect(await nothing.read()).toEqual(UNKNOWN);
    const refused = new URL(monitorUrl());
    refused.password = 'wrong';
    expect(await readerOf(refused.href, [shard]).read()).toEqual(UNKNOWN);
  });

  it('does not wait for ever for an answer', async () => {
    const url = new URL(monitorUrl());
    const proxy = await startTcpProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    proxy.silence();
    try {
      const startedAt = performance.now();
      expect(await readerOf(url.href, [shard]).read()).toEqual(UNKNOWN);
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    } finally {
      await proxy.stop();
    }
  });
});

/** The management API with the user that may only look. */
function monitorUrl(): string {
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  const url = new URL(stack.one('rabbitmq').adminUrl ?? '');
  url.username = 'monitor';
  url.password = passwords['amqpMonitor'] ?? '';
  return url.href;
}
