import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import {
  createVirtualHost,
  eventually,
  manageBroker,
  quietLogger,
  readStack,
  startTcpProxy,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import { meters } from '@spillway/telemetry';
import { BrokerConnection } from './broker-connection.js';
import { publisherProbe } from './probes.js';
import { PublishError } from './publish-error.js';
import { Publisher, type OutgoingMessage, type PublisherOptions } from './publisher.js';

const vhost = `spec-publisher-${randomBytes(4).toString('hex')}`;
let host: VirtualHost;
const QUEUE = 'spec.queue';

describe('Publisher', () => {
  let leaks: LeakCheck;
  let admin: ChannelModel;
  let control: Channel;
  let proxy: TcpProxy;
  let connection: BrokerConnection;
  let publisher: Publisher;

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(vhost);
    admin = await connect(host.url);
    control = await admin.createChannel();
    await control.assertExchange('posts', 'direct', { durable: true });
    await control.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await control.bindQueue(QUEUE, 'posts', QUEUE);
  });
  afterAll(async () => {
    await admin.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });

  beforeEach(async () => {
    await control.purgeQueue(QUEUE);
    const broker = new URL(readStack().urlOf('rabbitmq'));
    proxy = await startTcpProxy({ target: { port: Number(broker.port) } });
    broker.port = String(proxy.port);
    connection = BrokerConnection.open({
      urls: [`${broker.href}/${vhost}`],
      name: 'a spec',
      logger: quietLogger,
    });
    open({});
    await eventually('the gate opens', () => publisher.closedBecause === null);
  });
  afterEach(async () => {
    await proxy.pass();
    await publisher.close();
    await connection.close();
    await proxy.stop();
  });

  const open = (options: Partial<PublisherOptions>): void => {
    publisher = new Publisher({
      connection,
      logger: quietLogger,
      timeoutMs: 10_000,
      maxUnconfirmed: 100,
      ...options,
    });
  };
  const reopen = async (options: Partial<PublisherOptions>): Promise<void> => {
    await publisher.close();
    open(options);
    await eventually('the gate opens', () => publisher.closedBecause === null);
  };
  const stored = async (): Promise<number> => (await control.checkQueue(QUEUE)).messageCount;
  const bodies = async (): Promise<string[]> => {
    const found: string[] = [];
    for (let m = await control.get(QUEUE, { noAck: true }); m; m = await control.get(QUEUE, { noAck: true }))
      found.push(m.content.toString());
    return found;
  };
  const published = (): Promise<string> => publisher.publish(message('again')).then(() => 'confirmed');

  it('resolves when the broker has confirmed, not when the message has left', async () => {
    proxy.latency(1_000);
    let resolved = false;
    const publishing = publisher.publish(message('one')).then(() => (resolved = true));
    await eventually('the message is on the broker', async () => (await stored()) === 1, { everyMs: 10 });
    expect(resolved).toBe(false);
    expect(publisher.unconfirmed).toBe(1);
    await publishing;
    expect(publisher.unconfirmed).toBe(0);
  });

  it('publishes what survives a restart of the broker and can be told apart', async () => {
    const outgoing = message('one');
    await publisher.publish(outgoing);
    const received = await control.get(QUEUE, { noAck: true });
    if (!received) throw new Error('the queue is empty');
    expect(received.properties).toMatchObject({
      deliveryMode: 2,
      contentType: 'application/json',
      messageId: outgoing.messageId,
      type: 'posts.commands.v1',
      timestamp: Math.floor(outgoing.timestamp / 1000),
    });
    expect(received.content).toEqual(outgoing.body);
  });

  it('refuses what no queue takes, although the broker confirms it too', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        failureOf(publisher.publish(message(String(n), n % 2 === 0 ? QUEUE : 'nowhere'))),
      ),
    );
    expect(outcomes).toEqual(outcomes.map((_, n) => (n % 2 === 0 ? 'none' : 'unroutable')));
    expect((await bodies()).map(Number)).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
  });

  it('reports a message that the broker refuses because the queue is full', async () => {
    await control.assertQueue('spec.small', {
      arguments: { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await control.bindQueue('spec.small', 'posts', 'spec.small');
    const refused = await eventually('a publish is refused', async () => {
      const failure = await failureOf(publisher.publish(message('x', 'spec.small')));
      return failure === 'none' ? null : failure;
    });
    expect(refused).toBe('rejected');
    await publisher.publish(message('another queue is not affected'));
  });

  it('is refused by a queue as its policy says now', async () => {
    const policy = (maxLength: number): Promise<unknown> =>
      manageBroker('PUT', `policies/${vhost}/limits`, {
        pattern: '^spec\\.limited$',
        'apply-to': 'queues',
        definition: { 'max-length': maxLength },
      });
    await policy(10);
    await control.assertQueue('spec.limited', {
      arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
    });
    await control.bindQueue('spec.limited', 'posts', 'spec.limited');
    const one = (): Promise<string> => failureOf(publisher.publish(message('x', 'spec.limited')));
    await eventually('the queue is full', async () => (await one()) === 'rejected');
    // A quorum queue may take a few more before it says that it is full.
    expect((await control.checkQueue('spec.limited')).messageCount).toBeGreaterThanOrEqual(10);
    await policy(1_000);
    await eventually('there is room again', async () => (await one()) === 'none');
  });

  it('refuses at once what is more than may wait for its confirm', async () => {
    await reopen({ maxUnconfirmed: 5 });
    proxy.silence();
    const waiting = Array.from({ length: 5 }, (_, n) => publisher.publish(message(String(n))));
    expect(await failureOf(publisher.publish(message('too many')))).toBe('full');
    expect(publisher.unconfirmed).toBe(5);
    expect(publisherProbe(publisher).check()).toEqual({ up: true });
    await proxy.pass();
    await Promise.all(waiting);
    await publisher.publish(message('room again'));
    expect(await bodies()).toEqual(['0', '1', '2', '3', '4', 'room again']);
  });

  it('says unknown of what was under way when the connection broke, and comes back by itself', async () => {
    proxy.silence();
    const waiting = Array.from({ length: 10 }, (_, n) => failureOf(publisher.publish(message(String(n)))));
    proxy.reset();
    expect(await Promise.all(waiting)).toEqual(Array(10).fill('unknown'));
    expect(publisher.unconfirmed).toBe(0);
    await proxy.pass();
    expect(await eventually('a publish is confirmed again', published)).toBe('confirmed');
  });

  it('says unknown at its deadline when the network swallows everything, and goes on afterwards', async () => {
    await reopen({ timeoutMs: 300 });
    proxy.silence();
    const startedAt = performance.now();
    expect(await failureOf(publisher.publish(message('lost?')))).toBe('unknown');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
    await proxy.pass();
    expect(await eventually('a publish is confirmed again', published)).toBe('confirmed');
    // Unknown means just that: this one was only late.
    expect((await bodies())[0]).toBe('lost?');
  });

  it('keeps the place of what it gave up until the broker confirms it, so that a hung broker holds no more', async () => {
    await reopen({ timeoutMs: 200, maxUnconfirmed: 3 });
    const accepted = jest.spyOn(meters().postsAccepted, 'add');
    proxy.silence();
    const given = [QUEUE, 'nowhere', QUEUE].map((key) => failureOf(publisher.publish(message('late', key))));
    expect(await Promise.all(given)).toEqual(Array(3).fill('unknown'));
    expect(await failureOf(publisher.publish(message('no room')))).toBe('full');
    expect(publisher.unconfirmed).toBe(3);
    await proxy.pass();
    await eventually('the late confirms are in', () => publisher.unconfirmed === 0);
    expect(await bodies()).toEqual(['late', 'late']);
    // The unroutable one was confirmed, too, and is nowhere.
    expect(accepted.mock.calls).toEqual([[1], [1]]);
    accepted.mockRestore();
  });

  it('sends one message now and then while nothing is confirmed, and refuses the rest at once', async () => {
    await reopen({ timeoutMs: 400 });
    proxy.silence();
    expect(await failureOf(publisher.publish(message('first')))).toBe('unknown');
    const probe = failureOf(publisher.publish(message('probe')));
    expect(await failureOf(publisher.publish(message('refused')))).toBe('unavailable');
    expect(publisher.closedBecause?.message).toContain('has confirmed nothing for 400 ms');
    expect(await probe).toBe('unknown');
    await proxy.pass();
    expect(await eventually('a publish is confirmed again', published)).toBe('confirmed');
    expect((await bodies()).filter((body) => body !== 'again')).toEqual(['first', 'probe']);
  });

  it('lets bulk messages have half of the room', async () => {
    await reopen({ maxUnconfirmed: 4 });
    proxy.silence();
    const bulk = (): Promise<void> => publisher.publish({ ...message('bulk'), bulk: true });
    const waiting = [bulk(), bulk()];
    expect(await failureOf(bulk())).toBe('full');
    waiting.push(publisher.publish(message('single')));
    await proxy.pass();
    await Promise.all(waiting);
  });

  it('lets fewer wait while the broker is slow, and more again', async () => {
    const flood = (): Promise<string[]> =>
      Promise.all(Array.from({ length: 120 }, () => failureOf(publisher.publish(message('x')))));
    proxy.latency(300);
    await eventually('the limit shrinks', async () => {
      expect(new Set(await flood())).toEqual(new Set(['none', 'full']));
      return publisher.unconfirmedLimit < 100;
    });
    const flooding = flood();
    const startedAt = performance.now();
    expect(await failureOf(publisher.publish(message('one more')))).toBe('full');
    expect(performance.now() - startedAt).toBeLessThan(20);
    await flooding;
    await proxy.pass();
    await eventually('the limit grows again', async () => {
      await flood();
      return publisher.unconfirmedLimit === 100;
    });
  });

  it('refuses at once while there is no connection, and nothing of that ever appears', async () => {
    await proxy.refuse();
    proxy.reset();
    await eventually('the gate closes', () => publisher.closedBecause !== null);
    const startedAt = performance.now();
    const refused = await Promise.all(
      Array.from({ length: 50 }, (_, n) => failureOf(publisher.publish(message(`ghost ${n}`)))),
    );
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(refused).toEqual(Array(50).fill('unavailable'));
    expect(publisherProbe(publisher).check()).toMatchObject({ up: false });
    await proxy.pass();
    await eventually('a publish is confirmed again', published);
    expect(await bodies()).toEqual(['again']);
  });

  it('loses one channel, not the connection, when the broker closes it with an error', async () => {
    await control.deleteExchange('posts');
    expect(await failureOf(publisher.publish(message('to nobody')))).toBe('unknown');
    expect(await failureOf(publisher.publish(message('to nobody')))).toBe('unavailable');
    await control.assertExchange('posts', 'direct', { durable: true });
    await control.bindQueue(QUEUE, 'posts', QUEUE);
    await eventually('a publish is confirmed again', published);
    expect(proxy.connections).toBe(1);
    expect(await bodies()).toEqual(['again']);
  });

  it('ends what is under way before it closes, and takes no more', async () => {
    proxy.latency(300);
    const last = publisher.publish(message('last'));
    const closing = publisher.close();
    expect(await failureOf(publisher.publish(message('too late')))).toBe('unavailable');
    await last;
    await closing;
    expect(await bodies()).toEqual(['last']);
  });
});

const message = (text: string, routingKey = QUEUE): OutgoingMessage => ({
  messageId: randomUUID(),
  type: 'posts.commands.v1',
  routingKey,
  body: Buffer.from(text),
  posts: 1,
  timestamp: Date.now(),
});

/** How a publish failed, or `none`. */
async function failureOf(publishing: Promise<void>): Promise<string> {
  try {
    await publishing;
    return 'none';
  } catch (error) {
    if (error instanceof PublishError) return error.failure;
    throw error;
  }
}
