import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { uuidV7, type Command, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope } from '@spillway/contracts/server';
import {
  createVirtualHost,
  eventually,
  notYet,
  quietLogger,
  readStack,
  startTcpProxy,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import type { LeakCheck, TcpProxy } from '@spillway/testing';
import type { Batch } from './batch.js';
import type { BatchLimits } from './batch-buffer.js';
import { BatchServer } from './batch-server.js';
import { BrokerConnection } from './broker-connection.js';
import { unavailable, type Outcome } from './outcome.js';
import { consumerProbe } from './probes.js';

const vhost = `spec-batches-${randomBytes(4).toString('hex')}`;
let host: VirtualHost;
const PATTERN = 'a.pattern';
const HOUR_MS = 3_600_000;
const LIMITS: BatchLimits = { maxCommands: 10, maxBytes: 1_000_000, maxAgeMs: 20 };

type Handler = (batch: Batch) => Promise<readonly Outcome[]>;
const committed: Handler = (batch) => Promise.resolve(batch.entries.map(() => ({ result: 'committed' })));

describe('BatchServer', () => {
  let leaks: LeakCheck;
  let admin: ChannelModel;
  let control: Channel;
  let proxy: TcpProxy;
  let connection: BrokerConnection;
  let server: BatchServer;
  let queue: string;
  let seen: Batch[];
  let gates: PromiseWithResolvers<undefined>[];

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(vhost);
    admin = await connect(host.url);
  });
  afterAll(async () => {
    await admin.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });

  beforeEach(async () => {
    control = await admin.createChannel();
    queue = `posts.write.${randomBytes(4).toString('hex')}`;
    seen = [];
    gates = [];
    await declare();
    const broker = new URL(readStack().urlOf('rabbitmq'));
    proxy = await startTcpProxy({ target: { port: Number(broker.port) } });
    broker.port = String(proxy.port);
    connection = BrokerConnection.open({
      urls: [`${broker.href}/${vhost}`],
      name: 'a spec',
      logger: quietLogger,
    });
  });
  afterEach(async () => {
    for (const gate of gates) gate.resolve(undefined);
    await proxy.pass();
    await server.close();
    await connection.close();
    await proxy.stop();
    await control.close();
  });

  /** What a handler waits for; opened after the test in any case. */
  const newGate = (): PromiseWithResolvers<undefined> => {
    const gate = Promise.withResolvers<undefined>();
    gates.push(gate);
    return gate;
  };
  const declare = async (): Promise<void> => {
    await control.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  };
  const serve = (handler: Handler, limits: Partial<BatchLimits> = {}, prefetch = 100): void => {
    server = new BatchServer({
      retryLater: notExpected,
      splitUp: notExpected,
      connection,
      logger: quietLogger,
      lanes: [{ queue, pattern: PATTERN, limits: { ...LIMITS, ...limits }, prefetch, splitsSuspects: true }],
    });
    const handle: Handler = (batch) => {
      seen.push(batch);
      return handler(batch);
    };
    server.addHandler(PATTERN, handle, true);
    server.listen(() => undefined);
  };
  /** Sends messages of one command each, except where a number says how many. */
  const send = (...texts: (string | number)[]): void => {
    for (const text of texts) {
      const commands =
        typeof text === 'number' ? Array.from({ length: text }, (_, n) => command(`${n}`)) : [command(text)];
      control.sendToQueue(queue, encodeEnvelope(commands), { persistent: true });
    }
  };
  const handled = (): string[][] => seen.map(textsOf);
  const eventuallyHandled = (count: number, deadlineMs = 15_000): Promise<Batch[]> =>
    eventually(
      `${count} commands are handled`,
      () => (handled().flat().length >= count ? seen : notYet(handled())),
      { deadlineMs },
    );
  /** What is still there once nobody consumes any more. */
  const left = async (): Promise<number> => {
    await server.close();
    return (await control.checkQueue(queue)).messageCount;
  };

  it('closes a batch by the number of its commands', async () => {
    send('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 4, 6, 5);
    serve(committed, { maxAgeMs: HOUR_MS });
    await eventuallyHandled(20);
    expect(seen.map(({ trigger }) => trigger)).toEqual(['commands', 'commands']);
    expect(handled()[0]).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(seen[1]?.entries.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 5]);
    await server.close();
    expect(seen[2]?.trigger).toBe('stop');
    expect(seen[2]?.entries).toHaveLength(5);
    expect(await left()).toBe(0);
  });

  it('closes a batch by its bytes', async () => {
    send('x'.repeat(3_000), 'y'.repeat(3_000), 'z');
    serve(committed, { maxBytes: 6_000, maxAgeMs: HOUR_MS });
    await eventuallyHandled(1);
    // Two of them would be more than a batch may hold.
    expect(seen.map(({ trigger, entries }) => [trigger, entries.length])).toEqual([['bytes', 1]]);
    expect(await left()).toBe(0);
    expect(handled().map((texts) => texts.length)).toEqual([1, 2]);
  });

  it('closes a batch by the age of its first message, though others keep coming', async () => {
    serve(committed, { maxAgeMs: 300, maxCommands: 1000 });
    await eventually('the lane consumes', () => server.consuming);
    const startedAt = performance.now();
    let sent = 0;
    const trickle = setInterval(() => send(String(sent++)), 20);
    try {
      await eventuallyHandled(1);
    } finally {
      clearInterval(trickle);
    }
    expect(seen[0]?.trigger).toBe('age');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
    expect(seen[0]?.entries.length).toBeGreaterThan(1);
    await eventuallyHandled(sent);
    expect(handled().flat()).toEqual(Array.from({ length: sent }, (_, n) => String(n)));
  });

  it('acks nothing before the handler has told the outcomes', async () => {
    const gate = newGate();
    send(2);
    serve(async (batch) => {
      await gate.promise;
      return committed(batch);
    });
    await eventuallyHandled(2);
    expect((await control.checkQueue(queue)).messageCount).toBe(0);
    await proxy.refuse();
    proxy.reset();
    await eventually(
      'the broker has it back',
      async () => (await control.checkQueue(queue)).messageCount === 1,
    );
    gate.resolve(undefined);
    await proxy.pass();
    await eventuallyHandled(4);
    expect(await left()).toBe(0);
  });

  it('holds what cannot be done and tries it again, without giving it back', async () => {
    const failures = 3;
    send(2);
    serve((batch) =>
      batch.attempt <= failures
        ? Promise.resolve(batch.entries.map(() => unavailable('transient')))
        : committed(batch),
    );
    await eventually('it is held', () => server.held === 'transient');
    expect(consumerProbe(server).check()).toEqual({ up: false, detail: 'a batch is held: transient' });
    expect(Date.now() - (server.oldestAcceptedAt ?? 0)).toBeLessThan(60_000);
    await eventuallyHandled((failures + 1) * 2);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(handled().map(String))).toEqual(new Set(['0,1']));
    await eventually('it is held no more', () => server.held === undefined);
    await eventually('nothing is in hand', () => server.oldestAcceptedAt === undefined);
    expect(consumerProbe(server).check()).toEqual({ up: true });
    expect(await left()).toBe(0);
  });

  it('leaves the delivery count alone while it holds: only giving a message back raises it', async () => {
    send('0');
    serve((batch) => Promise.resolve(batch.entries.map(() => unavailable('transient'))));
    await eventually('several attempts', () => (seen.at(-1)?.attempt ?? 0) >= 4);
    await server.close();
    const returned = await eventually('the message is back', () => control.get(queue, { noAck: true }));
    expect(returned.properties.headers?.['x-delivery-count']).toBe(1);
  });

  it('holds a batch for which the handler forgot an outcome', async () => {
    send(2);
    serve((batch) => (batch.attempt === 1 ? Promise.resolve([{ result: 'committed' }]) : committed(batch)));
    await eventuallyHandled(4);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await left()).toBe(0);
  });

  it('gives a batch back when the handler throws, and loses nothing', async () => {
    send(2);
    serve((batch) => (seen.length === 1 ? Promise.reject(new Error('a bug')) : committed(batch)));
    await eventuallyHandled(4);
    expect(handled()).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
    expect(await left()).toBe(0);
  });

  it('stops by handling what it has in hand, and leaves the rest to others', async () => {
    const gate = newGate();
    send(...Array.from({ length: 20 }, (_, n) => String(n)));
    serve(
      async (batch) => {
        await gate.promise;
        return committed(batch);
      },
      { maxCommands: 2, maxAgeMs: HOUR_MS },
      6,
    );
    await eventuallyHandled(2);
    // The first came before the lane was widened, and counts for no prefetch.
    await eventually('the rest of the prefetch is in hand', async () => {
      const { messageCount } = await control.checkQueue(queue);
      return messageCount === 13 || notYet(messageCount);
    });
    const stopping = server.close();
    gate.resolve(undefined);
    await stopping;
    expect(handled().slice(0, 3)).toEqual([
      ['0', '1'],
      ['2', '3'],
      ['4', '5'],
    ]);
    // The broker may hand out one more while it cancels: it is handled too, or goes back with the channel.
    const ended = handled().flat();
    expect(ended).toEqual(Array.from({ length: ended.length }, (_, n) => String(n)));
    expect([7, 8]).toContain(ended.length);
    await eventually('the rest is left to others', async () => {
      const { messageCount } = await control.checkQueue(queue);
      return messageCount === 20 - ended.length || notYet(messageCount);
    });
  });

  it('consumes again after the broker has cancelled it', async () => {
    serve(committed);
    send('before');
    await eventuallyHandled(1);
    await control.deleteQueue(queue);
    await eventually('it notices', () => !server.consuming);
    expect(consumerProbe(server).check()).toMatchObject({ up: false });
    await declare();
    send('after');
    await eventuallyHandled(2);
    expect(handled()).toEqual([['before'], ['after']]);
    expect(proxy.connections).toBe(1);
    expect(await left()).toBe(0);
  });

  it('waits for a queue that is not there yet', async () => {
    await control.deleteQueue(queue);
    serve(committed);
    await declare();
    send('first');
    await eventuallyHandled(1);
    expect(await left()).toBe(0);
  });

  it('never acks on another channel than the one that delivered', async () => {
    const rounds = [newGate(), newGate()];
    send('0');
    serve(async (batch) => {
      await rounds[seen.length - 1]?.promise;
      return committed(batch);
    });
    for (const [round, gate] of rounds.entries()) {
      await eventuallyHandled(round + 1);
      proxy.reset();
      await eventually('the connection is noticed to be gone', () => !server.consuming);
      await eventually('the broker delivers again, to the new channel', async () => {
        if (!server.consuming) return false;
        return (await control.checkQueue(queue)).messageCount === 0;
      });
      // The first handler ends now: its ack, with the same delivery tag, would end the second delivery.
      gate.resolve(undefined);
    }
    await eventuallyHandled(3);
    expect(handled()).toEqual([['0'], ['0'], ['0']]);
    expect(await left()).toBe(0);
  });

  it('holds nothing any more once the channel of a batch is gone, though its handler says so late', async () => {
    const [late, next] = [newGate(), newGate()];
    send('0');
    serve(async (batch) => {
      if (seen.length > 1) {
        await next.promise;
        return committed(batch);
      }
      await late.promise;
      return batch.entries.map(() => unavailable('transient'));
    });
    await eventuallyHandled(1);
    proxy.reset();
    await eventually('the connection is noticed to be gone', () => !server.consuming);
    late.resolve(undefined);
    await eventuallyHandled(2);
    expect(server.held).toBeUndefined();
    next.resolve(undefined);
    await eventually('nothing is in hand', () => server.oldestAcceptedAt === undefined);
    expect(await left()).toBe(0);
  });

  it('handles every message at least once while connections break again and again', async () => {
    const texts = Array.from({ length: 300 }, (_, n) => String(n));
    send(...texts);
    serve(committed, { maxCommands: 7 }, 21);
    for (const count of [20, 100, 200]) {
      await eventuallyHandled(count);
      proxy.reset();
    }
    await eventually(
      'all are handled',
      () => new Set(handled().flat()).size === texts.length || notYet(new Set(handled().flat()).size),
      { deadlineMs: 20_000 },
    );
    await eventually('the queue is empty', async () => (await control.checkQueue(queue)).messageCount === 0);
    expect(await left()).toBe(0);
  });

  it('handles a message alone that came back twice: it may be the one that kills writers', async () => {
    send('killer');
    for (let n = 0; n < 2; n++) {
      const message = await eventually('the message is there', () => control.get(queue));
      control.nack(message, false, true);
    }
    await eventually('it is back', async () => (await control.checkQueue(queue)).messageCount === 1);
    send('0', '1', '2');
    serve(committed, { maxAgeMs: 200 });
    await eventuallyHandled(4);
    expect(seen[0]?.trigger).toBe('alone');
    expect(handled()).toEqual([['killer'], ['0', '1', '2']]);
  });

  it('hands over what cannot be decoded, with the message it came in', async () => {
    control.sendToQueue(queue, Buffer.from('no JSON'), { messageId: 'm-1' });
    serve(committed);
    await eventually('it is handed over', () => seen.length === 1);
    expect(seen[0]?.entries).toMatchObject([{ decoded: { as: 'invalid' }, messageId: 'm-1', ordinal: 0 }]);
    expect(seen[0]?.entries[0]?.body.toString()).toBe('no JSON');
  });

  it('tells why the broker gave a message up', async () => {
    await control.assertQueue(`${queue}.first`, {
      arguments: {
        'x-queue-type': 'quorum',
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': queue,
        'x-delivery-limit': 1,
      },
    });
    control.sendToQueue(`${queue}.first`, encodeEnvelope([command('given up')]), { persistent: true });
    for (let n = 0; n < 2; n++) {
      const message = await eventually('the message is there', () => control.get(`${queue}.first`));
      control.nack(message, false, true);
    }
    serve(committed);
    await eventuallyHandled(1);
    expect(seen[0]?.entries[0]?.death).toEqual({ reason: 'delivery_limit', count: 1 });
  });

  it('refuses to start without a handler for a lane', () => {
    server = new BatchServer({
      retryLater: notExpected,
      splitUp: notExpected,
      connection,
      logger: quietLogger,
      lanes: [{ queue, pattern: 'nobody.takes.this', limits: LIMITS, prefetch: 1, splitsSuspects: true }],
    });
    expect(() => server.listen(() => undefined)).toThrow(
      `no handler takes nobody.takes.this, so ${queue} would never be written`,
    );
  });

  it('carries a Nest microservice: the decorated method gets the batch, its answer settles it', async () => {
    @Controller()
    class Commands {
      @EventPattern<string>(PATTERN)
      write(@Payload() batch: Batch): Promise<readonly Outcome[]> {
        seen.push(batch);
        if (seen.length === 1) throw new Error('a bug');
        return committed(batch);
      }
    }
    @Module({ controllers: [Commands] })
    class App {}
    server = new BatchServer({
      retryLater: notExpected,
      splitUp: notExpected,
      connection,
      logger: quietLogger,
      lanes: [{ queue, pattern: PATTERN, limits: LIMITS, prefetch: 10, splitsSuspects: true }],
    });
    send(2);
    const app = await NestFactory.createMicroservice(App, { strategy: server, logger: false });
    await app.listen();
    await eventuallyHandled(4);
    expect(handled()).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
    await app.close();
    expect((await control.checkQueue(queue)).messageCount).toBe(0);
  });
});

const notExpected = (): Promise<void> => Promise.reject(new Error('nothing was to be sent round'));
const textOf = (command: Command): string => (command.kind === 'post.create' ? command.post.content : '');
const textsOf = (batch: Batch): string[] =>
  batch.entries.map(({ decoded }) => (decoded.as === 'valid' ? textOf(decoded.command) : decoded.as));

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
