import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Channel } from 'amqplib';
import { decodeEnvelope, ENVELOPE_MAX_BYTES, ENVELOPE_MAX_COMMANDS } from '@spillway/contracts/server';
import { eventually, quietLogger } from '@spillway/testing';
import { BrokerConnection } from './broker-connection.js';
import { Publisher } from './publisher.js';
import { SharedMessages } from './shared-messages.js';
import { command } from './spec/command.js';
import { openVirtualHost, type OwnVirtualHost } from './spec/open-virtual-host.js';
import { EXCHANGE } from './topology.js';

const QUEUE = 'posts.write.s0';
const HOUR_MS = 3_600_000;

describe('SharedMessages', () => {
  let host: OwnVirtualHost;
  let control: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;

  beforeAll(async () => {
    host = await openVirtualHost('shared');
    ({ control } = host);
    await control.assertExchange(EXCHANGE.posts, 'direct', { durable: true });
    await control.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await control.bindQueue(QUEUE, EXCHANGE.posts, QUEUE);
  });
  afterAll(() => host.close());
  beforeEach(async () => {
    connection = BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 10_000, maxUnconfirmed: 1_000 });
    await eventually('the gate opens', () => publisher.closedBecause === null);
  });
  afterEach(async () => {
    await publisher.close();
    await connection.close();
  });

  const to = (routingKey = QUEUE) => ({ routingKey, bulk: false });
  /** The contents of each message on the queue. */
  const messages = async (): Promise<string[][]> => {
    const found: string[][] = [];
    for (
      let m = await control.get(QUEUE, { noAck: true });
      m;
      m = await control.get(QUEUE, { noAck: true })
    ) {
      expect(m.content.length).toBeLessThanOrEqual(ENVELOPE_MAX_BYTES);
      found.push(
        decodeEnvelope(m.content).map((decoded) =>
          decoded.as === 'valid' && decoded.command.kind === 'post.create'
            ? decoded.command.post.content
            : decoded.as,
        ),
      );
    }
    return found;
  };
  const sendAll = (shared: SharedMessages, contents: readonly string[]) =>
    Promise.all(contents.map((content) => shared.send(command(content), to())));
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

  it('sends at once what comes alone, whatever another queue was sent', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: HOUR_MS });
    await expect(shared.send(command('astray'), to('nowhere'))).rejects.toMatchObject({
      failure: 'unroutable',
    });
    await shared.send(command('a'), to());
    expect(await messages()).toEqual([['a']]);
  });

  it('sends a queue one message in a while, in order, each command once', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: 20 });
    await sendAll(shared, numbers(300));
    const found = await messages();
    expect(found.flat()).toEqual(numbers(300));
    expect(found.length).toBeLessThan(20);
    expect(Math.max(...found.map(({ length }) => length))).toBe(ENVELOPE_MAX_COMMANDS);
  });

  it('waits no longer than it may', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: 1 });
    await sendAll(shared, numbers(50));
    expect((await messages()).flat()).toEqual(numbers(50));
  });

  it('gives each its own message when it is told not to share', async () => {
    await sendAll(new SharedMessages(publisher, { lingerMs: 0 }), numbers(30));
    expect(await messages()).toEqual(numbers(30).map((content) => [content]));
  });

  it('keeps messages within their bytes', async () => {
    const large = numbers(12).map((n) => n + '😀'.repeat(9_990));
    await sendAll(new SharedMessages(publisher, { lingerMs: 20 }), large);
    const found = await messages();
    expect(found.flat().map((content) => large.indexOf(content))).toEqual(numbers(12).map(Number));
    expect(Math.max(...found.map(({ length }) => length))).toBe(3);
  });

  it('tells all that share a message what became of it', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: 5 });
    const ends = await Promise.allSettled([
      ...numbers(20).map((content) => shared.send(command(content), to('nowhere'))),
      ...numbers(20).map((content) => shared.send(command(content), to())),
    ]);
    const failures = ends.map((end) =>
      end.status === 'rejected' ? (end.reason as { failure: string }).failure : 'none',
    );
    expect(failures).toEqual([...numbers(20).map(() => 'unroutable'), ...numbers(20).map(() => 'none')]);
    expect((await messages()).flat()).toEqual(numbers(20));
  });

  it('does not send what has waited longer than a confirm may take, as after a stop of the process', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: 1 });
    const clock = jest.spyOn(performance, 'now').mockReturnValueOnce(performance.now() - 60_000);
    const late = shared.send(command('late'), to());
    clock.mockRestore();
    await expect(late).rejects.toMatchObject({ failure: 'unavailable' });
    expect(await messages()).toEqual([]);
  });

  it('refuses at once while the gate is closed, and sends nothing later', async () => {
    const shared = new SharedMessages(publisher, { lingerMs: 1 });
    await publisher.close();
    await expect(shared.send(command('a'), to())).rejects.toMatchObject({ failure: 'unavailable' });
    expect(await messages()).toEqual([]);
  });
});
