import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Channel } from 'amqplib';
import type { Command } from '@spillway/contracts';
import { encodeEnvelope } from '@spillway/contracts/server';
import { eventually, notYet, quietLogger, readStack, startTcpProxy, type TcpProxy } from '@spillway/testing';
import type { BatchLimits } from '../batch-buffer.js';
import { BatchServer } from '../batch-server.js';
import type { Batch } from '../batch.js';
import { BrokerConnection } from '../broker-connection.js';
import type { Outcome } from '../outcome.js';
import { command } from './command.js';
import { openVirtualHost, type OwnVirtualHost } from './open-virtual-host.js';

export const PATTERN = 'a.pattern';
export const LIMITS: BatchLimits = { maxCommands: 10, maxBytes: 1_000_000, maxAgeMs: 20 };

export type Handler = (batch: Batch) => Promise<readonly Outcome[]>;
export const committed: Handler = (batch) =>
  Promise.resolve(batch.entries.map(() => ({ result: 'committed' })));

/** Gives each test of the block a queue of its own, and a server that consumes it through a proxy. */
export function useBatchServer() {
  let host: OwnVirtualHost;
  let control: Channel;
  let proxy: TcpProxy;
  let connection: BrokerConnection;
  let server: BatchServer;
  let queue: string;
  let seen: Batch[];
  let gates: PromiseWithResolvers<undefined>[];

  beforeAll(async () => {
    host = await openVirtualHost('batches');
  });
  afterAll(() => host.close());

  beforeEach(async () => {
    control = await host.admin.createChannel();
    queue = `posts.write.${randomBytes(4).toString('hex')}`;
    seen = [];
    gates = [];
    await declare();
    const broker = new URL(readStack().urlOf('rabbitmq'));
    proxy = await startTcpProxy({ target: { port: Number(broker.port) } });
    broker.port = String(proxy.port);
    connection = BrokerConnection.open({
      urls: [`${broker.href}/${host.name}`],
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

  return {
    ...{ newGate, declare, serve, send, handled, eventuallyHandled, left },
    get control() {
      return control;
    },
    get proxy() {
      return proxy;
    },
    get connection() {
      return connection;
    },
    get server() {
      return server;
    },
    /** A test that makes its server itself says so, and it is closed with the rest. */
    set server(own: BatchServer) {
      server = own;
    },
    get queue() {
      return queue;
    },
    get seen() {
      return seen;
    },
  };
}

export const notExpected = (): Promise<void> => Promise.reject(new Error('nothing was to be sent round'));
const textOf = (command: Command): string => (command.kind === 'post.create' ? command.post.content : '');
const textsOf = (batch: Batch): string[] =>
  batch.entries.map(({ decoded }) => (decoded.as === 'valid' ? textOf(decoded.command) : decoded.as));
