import { describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { encodeEnvelope } from '@spillway/contracts/server';
import { eventually, notYet, quietLogger } from '@spillway/testing';
import { BatchServer } from './batch-server.js';
import type { Batch } from './batch.js';
import { unavailable, type Outcome } from './outcome.js';
import { consumerProbe } from './probes.js';
import { command } from './spec/command.js';
import { committed, LIMITS, notExpected, PATTERN, useBatchServer } from './spec/use-batch-server.js';

const HOUR_MS = 3_600_000;

describe('BatchServer', () => {
  const spec = useBatchServer();
  const { newGate, serve, send, handled, eventuallyHandled, left } = spec;

  it('closes a batch by the number of its commands', async () => {
    send('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 4, 6, 5);
    serve(committed, { maxAgeMs: HOUR_MS });
    await eventuallyHandled(20);
    expect(spec.seen.map(({ trigger }) => trigger)).toEqual(['commands', 'commands']);
    expect(handled()[0]).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(spec.seen[1]?.entries.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 5]);
    await spec.server.close();
    expect(spec.seen[2]?.trigger).toBe('stop');
    expect(spec.seen[2]?.entries).toHaveLength(5);
    expect(await left()).toBe(0);
  });

  it('closes a batch by its bytes', async () => {
    send('x'.repeat(3_000), 'y'.repeat(3_000), 'z');
    serve(committed, { maxBytes: 6_000, maxAgeMs: HOUR_MS });
    await eventuallyHandled(1);
    // Two of them would be more than a batch may hold.
    expect(spec.seen.map(({ trigger, entries }) => [trigger, entries.length])).toEqual([['bytes', 1]]);
    expect(await left()).toBe(0);
    expect(handled().map((texts) => texts.length)).toEqual([1, 2]);
  });

  it('closes a batch by the age of its first message, though others keep coming', async () => {
    serve(committed, { maxAgeMs: 300, maxCommands: 1000 });
    await eventually('the lane consumes', () => spec.server.consuming);
    const startedAt = performance.now();
    let sent = 0;
    const trickle = setInterval(() => send(String(sent++)), 20);
    try {
      await eventuallyHandled(1);
    } finally {
      clearInterval(trickle);
    }
    expect(spec.seen[0]?.trigger).toBe('age');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
    expect(spec.seen[0]?.entries.length).toBeGreaterThan(1);
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
    expect((await spec.control.checkQueue(spec.queue)).messageCount).toBe(0);
    await spec.proxy.refuse();
    spec.proxy.reset();
    await eventually(
      'the broker has it back',
      async () => (await spec.control.checkQueue(spec.queue)).messageCount === 1,
    );
    gate.resolve(undefined);
    await spec.proxy.pass();
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
    await eventually('it is held', () => spec.server.held === 'transient');
    expect(consumerProbe(spec.server).check()).toEqual({ up: false, detail: 'a batch is held: transient' });
    expect(Date.now() - (spec.server.oldestAcceptedAt ?? 0)).toBeLessThan(60_000);
    await eventuallyHandled((failures + 1) * 2);
    expect(spec.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(handled().map(String))).toEqual(new Set(['0,1']));
    await eventually('it is held no more', () => spec.server.held === undefined);
    await eventually('nothing is in hand', () => spec.server.oldestAcceptedAt === undefined);
    expect(consumerProbe(spec.server).check()).toEqual({ up: true });
    expect(await left()).toBe(0);
  });

  it('leaves the delivery count alone while it holds: only giving a message back raises it', async () => {
    send('0');
    serve((batch) => Promise.resolve(batch.entries.map(() => unavailable('transient'))));
    await eventually('several attempts', () => (spec.seen.at(-1)?.attempt ?? 0) >= 4);
    await spec.server.close();
    const returned = await eventually('the message is back', () =>
      spec.control.get(spec.queue, { noAck: true }),
    );
    expect(returned.properties.headers?.['x-delivery-count']).toBe(1);
  });

  it('holds a batch for which the handler forgot an outcome', async () => {
    send(2);
    serve((batch) => (batch.attempt === 1 ? Promise.resolve([{ result: 'committed' }]) : committed(batch)));
    await eventuallyHandled(4);
    expect(spec.seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await left()).toBe(0);
  });

  it('gives a batch back when the handler throws, and loses nothing', async () => {
    send(2);
    serve((batch) => (spec.seen.length === 1 ? Promise.reject(new Error('a bug')) : committed(batch)));
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
      const { messageCount } = await spec.control.checkQueue(spec.queue);
      return messageCount === 13 || notYet(messageCount);
    });
    const stopping = spec.server.close();
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
      const { messageCount } = await spec.control.checkQueue(spec.queue);
      return messageCount === 20 - ended.length || notYet(messageCount);
    });
  });

  it('handles a message alone that came back twice: it may be the one that kills writers', async () => {
    send('killer');
    for (let n = 0; n < 2; n++) {
      const message = await eventually('the message is there', () => spec.control.get(spec.queue));
      spec.control.nack(message, false, true);
    }
    await eventually(
      'it is back',
      async () => (await spec.control.checkQueue(spec.queue)).messageCount === 1,
    );
    send('0', '1', '2');
    serve(committed, { maxAgeMs: 200 });
    await eventuallyHandled(4);
    expect(spec.seen[0]?.trigger).toBe('alone');
    expect(handled()).toEqual([['killer'], ['0', '1', '2']]);
  });

  it('hands over what cannot be decoded, with the message it came in', async () => {
    spec.control.sendToQueue(spec.queue, Buffer.from('no JSON'), { messageId: 'm-1' });
    serve(committed);
    await eventually('it is handed over', () => spec.seen.length === 1);
    expect(spec.seen[0]?.entries).toMatchObject([
      { decoded: { as: 'invalid' }, messageId: 'm-1', ordinal: 0 },
    ]);
    expect(spec.seen[0]?.entries[0]?.body.toString()).toBe('no JSON');
  });

  it('tells why the broker gave a message up', async () => {
    await spec.control.assertQueue(`${spec.queue}.first`, {
      arguments: {
        'x-queue-type': 'quorum',
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': spec.queue,
        'x-delivery-limit': 1,
      },
    });
    spec.control.sendToQueue(`${spec.queue}.first`, encodeEnvelope([command('given up')]), {
      persistent: true,
    });
    for (let n = 0; n < 2; n++) {
      const message = await eventually('the message is there', () => spec.control.get(`${spec.queue}.first`));
      spec.control.nack(message, false, true);
    }
    serve(committed);
    await eventuallyHandled(1);
    expect(spec.seen[0]?.entries[0]?.death).toEqual({ reason: 'delivery_limit', count: 1 });
  });

  it('refuses to start without a handler for a lane', () => {
    spec.server = new BatchServer({
      retryLater: notExpected,
      splitUp: notExpected,
      connection: spec.connection,
      logger: quietLogger,
      lanes: [
        {
          queue: spec.queue,
          pattern: 'nobody.takes.this',
          limits: LIMITS,
          prefetch: 1,
          splitsSuspects: true,
        },
      ],
    });
    expect(() => spec.server.listen(() => undefined)).toThrow(
      `no handler takes nobody.takes.this, so ${spec.queue} would never be written`,
    );
  });

  it('carries a Nest microservice: the decorated method gets the batch, its answer settles it', async () => {
    @Controller()
    class Commands {
      @EventPattern<string>(PATTERN)
      write(@Payload() batch: Batch): Promise<readonly Outcome[]> {
        spec.seen.push(batch);
        if (spec.seen.length === 1) throw new Error('a bug');
        return committed(batch);
      }
    }
    @Module({ controllers: [Commands] })
    class App {}
    spec.server = new BatchServer({
      retryLater: notExpected,
      splitUp: notExpected,
      connection: spec.connection,
      logger: quietLogger,
      lanes: [{ queue: spec.queue, pattern: PATTERN, limits: LIMITS, prefetch: 10, splitsSuspects: true }],
    });
    send(2);
    const app = await NestFactory.createMicroservice(App, { strategy: spec.server, logger: false });
    await app.listen();
    await eventuallyHandled(4);
    expect(handled()).toEqual([
      ['0', '1'],
      ['0', '1'],
    ]);
    await app.close();
    expect((await spec.control.checkQueue(spec.queue)).messageCount).toBe(0);
  });
});
