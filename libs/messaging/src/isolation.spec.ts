import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope } from '@spillway/contracts/server';
import {
  createVirtualHost,
  eventually,
  type LeakCheck,
  quietLogger,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import type { Batch } from './batch.js';
import { BatchServer } from './batch-server.js';
import { BrokerConnection } from './broker-connection.js';
import { Publisher } from './publisher.js';
import { splitUp } from './split-up.js';
import { EXCHANGE } from './topology.js';

const PATTERN = 'a.pattern';

describe('a message that may kill its writer', () => {
  let leaks: LeakCheck;
  let host: VirtualHost;
  let admin: ChannelModel;
  let control: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let server: BatchServer;
  let queue: string;
  let seen: string[][];
  /** Every batch waits for it. */
  let gate: PromiseWithResolvers<undefined>;

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(`spec-isolation-${randomBytes(4).toString('hex')}`);
    admin = await connect(host.url);
    control = await admin.createChannel();
    await control.assertExchange(EXCHANGE.posts, 'direct', { durable: true });
  });
  afterAll(async () => {
    await admin.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });
  beforeEach(async () => {
    queue = `posts.write.${randomBytes(4).toString('hex')}`;
    await control.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await control.bindQueue(queue, EXCHANGE.posts, queue);
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
  const giveBackTwice = async (count: number): Promise<void> => {
    for (let n = 0; n < 2; n++) {
      await eventually('all are there', async () => (await ready()) === count);
      const taken = [];
      for (let m = 0; m < count; m++) taken.push(await eventually('one is given', () => control.get(queue)));
      for (const message of taken) control.nack(message, false, true);
    }
    await eventually('all are back', async () => (await ready()) === count);
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
});

const textsOf = (batch: Batch): string[] =>
  batch.entries.flatMap(({ decoded }) =>
    decoded.as === 'valid' && decoded.command.kind === 'post.create' ? [decoded.command.post.content] : [],
  );

function command(content: string): CreatePost {
  const id = uuidV7();
  return {
    kind: 'post.create',
    commandId: id,
    postId: id,
    tenantId: 'acme',
    actor: { sub: 'alice', moderator: false },
    acceptedAt: Date.now(),
    post: { authorId: 'alice', content, tags: [] },
  };
}
