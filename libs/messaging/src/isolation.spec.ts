import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { encodeEnvelope } from '@spillway/contracts/server';
import { eventually, quietLogger } from '@spillway/testing';
import type { Batch } from './batch.js';
import { BatchServer } from './batch-server.js';
import { BrokerConnection } from './broker-connection.js';
import { PublishError } from './publish-error.js';
import { Publisher } from './publisher.js';
import { command } from './spec/command.js';
import { openVirtualHost, type OwnVirtualHost } from './spec/open-virtual-host.js';
import { splitUp } from './split-up.js';
import { EXCHANGE, RETRY_QUEUE } from './topology.js';

const PATTERN = 'a.pattern';

describe('a message that may kill its writer', () => {
  let host: OwnVirtualHost;
  let control: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let server: BatchServer;
  let queue: string;
  let seen: string[][];
  /** Every batch waits for it. */
  let gate: PromiseWithResolvers<undefined>;

  beforeAll(async () => {
    host = await openVirtualHost('isolation');
    ({ control } = host);
    await control.assertExchange(EXCHANGE.posts, 'direct', { durable: true });
    await control.assertExchange(EXCHANGE.retry, 'fanout', { durable: true });
    // Without a delay, so that what was sent there can be counted.
    await control.assertQueue(RETRY_QUEUE, { durable: true });
    await control.bindQueue(RETRY_QUEUE, EXCHANGE.retry, '');
  });
  afterAll(() => host.close());
  beforeEach(async () => {
    queue = `posts.write.${randomBytes(4).toString('hex')}`;
    await declare();
    seen = [];
    gate = Promise.withResolvers<undefined>();
    connection = BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 10_000, maxUnconfirmed: 10 });
    await eventually('the gate opens', () => publisher.closedBecause === null);
  });
  afterEach(async () => {
    gate.resolve(undefined);
    await server.close();
    await publisher.close();
    await connection.close();
  });

  const declare = async (limits = {}): Promise<void> => {
    const queueArguments = { 'x-queue-type': 'quorum', ...limits };
    await control.assertQueue(queue, { durable: true, arguments: queueArguments });
    await control.bindQueue(queue, EXCHANGE.posts, queue);
  };
  const serve = (): void => {
    server = new BatchServer({
      connection,
      logger: quietLogger,
      retryLater: () => Promise.reject(new Error('nothing was to be sent round')),
      splitUp: splitUp(publisher),
      lanes: [
        {
          queue,
          pattern: PATTERN,
          limits: { maxCommands: 100, maxBytes: 1_000_000, maxAgeMs: 20 },
          prefetch: 50,
          splitsSuspects: true,
        },
      ],
    });
    const handle = async (batch: Batch) => {
      seen.push(textsOf(batch));
      await gate.promise;
      return batch.entries.map(() => ({ result: 'committed' as const }));
    };
    server.addHandler(PATTERN, handle, true);
    server.listen(() => undefined);
  };
  const send = (texts: string[], headers = {}): void =>
    void control.sendToQueue(queue, encodeEnvelope(texts.map(command)), { persistent: true, headers });
  const ready = async (): Promise<number> => (await control.checkQueue(queue)).messageCount;
  const giveBackTwice = (count: number): Promise<void> => giveBack(count, 2);
  const giveBack = async (count: number, times: number): Promise<void> => {
    for (let n = 0; n < times; n++) {
      await eventually('all are there', async () => (await ready()) === count);
      const taken = [];
      for (let m = 0; m < count; m++) taken.push(await eventually('one is given', () => control.get(queue)));
      for (const message of taken) control.nack(message, false, true);
    }
    await eventually('all are back', async () => (await ready()) === count);
  };
  const publish = (text: string): Promise<void> =>
    publisher.publish({
      messageId: text,
      type: 'a type',
      routingKey: queue,
      body: encodeEnvelope([command(text)]),
      posts: 1,
      timestamp: Date.now(),
    });
  /** Publishes until the broker refuses more, and returns what it took. */
  const fill = async (): Promise<string[]> => {
    const taken: string[] = [];
    for (;;) {
      const text = `fill-${taken.length}`;
      const failure = await publish(text).then(
        () => null,
        (error: unknown) => (error instanceof PublishError ? error.failure : 'another error'),
      );
      if (failure !== null) {
        expect(failure).toBe('rejected');
        return taken;
      }
      taken.push(text);
    }
  };
  const nothingIsLeft = async (): Promise<void> => {
    await server.close();
    expect(await ready()).toBe(0);
  };

  it('is alone in hand, so that a crash counts for no other', async () => {
    for (const text of ['a', 'b', 'c']) send([text]);
    await giveBackTwice(3);
    serve();
    await eventually('the first is being handled', () => seen.length === 1);
    expect(await ready()).toBe(2);
    gate.resolve(undefined);
    await eventually('all are handled', () => seen.length === 3);
    expect(seen.map((texts) => texts.length)).toEqual([1, 1, 1]);
    expect(seen.flat().sort()).toEqual(['a', 'b', 'c']);
    await nothingIsLeft();
  });

  it('does not slow the rest for longer than it takes: the lane is widened by the next message', async () => {
    send(['a']);
    await giveBackTwice(1);
    serve();
    await eventually('the suspect is being handled', () => seen.length === 1);
    for (let n = 0; n < 20; n++) send([String(n)]);
    await eventually('the others wait for their turn', async () => (await ready()) === 20);
    gate.resolve(undefined);
    await eventually('all are handled', () => seen.flat().length === 21);
    expect(Math.max(...seen.map((texts) => texts.length))).toBeGreaterThan(5);
    await nothingIsLeft();
  });

  it('is given back when much is in hand, and the end of the batch in flight does not acknowledge it', async () => {
    serve();
    send(['a']);
    await eventually('a batch is in flight, and the lane wide', () => seen.length === 1);
    send(['b']);
    // As if it had killed a writer twice; the broker counts for itself from its return on.
    send(['suspect'], { 'x-delivery-count': 2 });
    send(['c']);
    await eventually('all are in hand', async () => (await ready()) === 0);
    gate.resolve(undefined);
    await eventually('all are handled', () => new Set(seen.flat()).size === 4);
    expect(seen[0]).toEqual(['a']);
    expect(seen.flat().filter((text) => text === 'suspect')).toHaveLength(1);
    await nothingIsLeft();
  });

  it('is taken apart when it holds several commands', async () => {
    send(['a', 'b', 'c']);
    await giveBackTwice(1);
    gate.resolve(undefined);
    serve();
    await eventually('all are handled', () => seen.flat().length === 3);
    expect(seen.flat()).toEqual(['a', 'b', 'c']);
    await nothingIsLeft();
  });

  describe('when its queue is full', () => {
    beforeEach(async () => {
      await control.deleteQueue(queue);
      await declare({ 'x-overflow': 'reject-publish', 'x-max-length': 8 });
      await control.purgeQueue(RETRY_QUEUE);
      gate.resolve(undefined);
    });

    it('is carried out whole, so that the queue gets shorter', async () => {
      for (const texts of [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
      ])
        send(texts);
      await giveBackTwice(3);
      const others = await fill();
      serve();
      await eventually('all are handled', () => new Set(seen.flat()).size === 6 + others.length);
      expect(seen[0]).toEqual(['a', 'b']);
      expect(server.held).toBeUndefined();
      await eventually('what was full takes more', () =>
        publish('more').then(
          () => true,
          () => false,
        ),
      );
      await eventually('that is handled', () => seen.flat().includes('more'));
      await nothingIsLeft();
    });

    it('goes apart by the retry queue once it has killed its writer while it was alone', async () => {
      send(['a', 'b']);
      await giveBack(1, 4);
      const others = await fill();
      serve();
      await eventually('the others are handled', () => new Set(seen.flat()).size === others.length);
      expect((await control.checkQueue(RETRY_QUEUE)).messageCount).toBe(2);
      expect(seen.flat()).not.toContain('a');
      await nothingIsLeft();
    });
  });
});

const textsOf = (batch: Batch): string[] =>
  batch.entries.flatMap(({ decoded }) =>
    decoded.as === 'valid' && decoded.command.kind === 'post.create' ? [decoded.command.post.content] : [],
  );
