import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import type { Principal } from '@spillway/auth';
import { ERROR_CODES, type BatchResult, type Command } from '@spillway/contracts';
import {
  decodeEnvelope,
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_COMMANDS,
  readTicket,
  ShardDirectory,
  SigningKeys,
} from '@spillway/contracts/server';
import type { BodyItems } from '@spillway/http';
import { BrokerConnection, Publisher } from '@spillway/messaging';
import {
  createVirtualHost,
  eventually,
  type LeakCheck,
  quietLogger,
  startTcpProxy,
  type TcpProxy,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import { CommandAcceptor } from '../posts/accept-command.js';
import { BatchAcceptor } from './accept-batch.js';
import type { BatchResults } from './batch-results.js';

const principal: Principal = {
  sub: 'alice',
  tenant: 'acme',
  roles: new Set(['author'] as const),
  expiresAtMs: Date.now() + 60_000,
};
const itemsOf = (values: readonly unknown[]): BodyItems => ({
  length: values.length,
  read: (index) => values[index],
});
const posts = (count: number, content = 'post'): object[] =>
  Array.from({ length: count }, (_, n) => ({ content: `${content} ${n}` }));
const codesOf = (results: readonly BatchResult[]): string[] =>
  results.map((result) => ('error' in result ? result.error.code : result.status));

describe('BatchAcceptor', () => {
  const keys = SigningKeys.parse(`a:${randomBytes(32).toString('base64')}`, 'ticket');
  let leaks: LeakCheck;
  let host: VirtualHost;
  let proxy: TcpProxy;
  let admin: ChannelModel;
  let control: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(`spec-batch-${randomBytes(4).toString('hex')}`);
    admin = await connect(host.url);
    control = await admin.createChannel();
    await control.assertExchange('posts', 'direct', { durable: true });
    // s0 takes everything; s1 has room for two messages and refuses the others.
    for (const [name, room] of [
      ['posts.bulk.s0', {}],
      ['posts.bulk.s1', { 'x-max-length': 2, 'x-overflow': 'reject-publish' }],
    ] as const) {
      await control.assertQueue(name, { durable: true, arguments: room });
      await control.bindQueue(name, 'posts', name);
    }
    const direct = new URL(host.url);
    proxy = await startTcpProxy({ target: { port: Number(direct.port) } });
    direct.port = String(proxy.port);
    connection = BrokerConnection.open({ urls: [direct.href], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 2_000, maxUnconfirmed: 1_000 });
  });
  beforeEach(async () => {
    await proxy.pass();
    await eventually('the gate is open', () => publisher.closedBecause === null);
    for (const queue of ['posts.bulk.s0', 'posts.bulk.s1']) await control.purgeQueue(queue);
  });
  afterAll(async () => {
    await proxy.pass();
    await publisher.close();
    await connection.close();
    await proxy.stop();
    await admin.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });

  const accept = (values: readonly unknown[], shard = 's0'): Promise<BatchResults> =>
    new BatchAcceptor(new CommandAcceptor(publisher, ShardDirectory.parse(`${shard}:0-1023`), keys)).accept({
      principal,
      items: itemsOf(values),
      requestId: 'r',
      span: undefined,
    });
  const messagesOn = async (queue: string): Promise<Buffer[]> => {
    const bodies: Buffer[] = [];
    for (;;) {
      const message = await control.get(queue, { noAck: true });
      if (message === false) return bodies;
      bodies.push(message.content);
    }
  };
  const commandsOf = (bodies: readonly Buffer[]): Command[] =>
    bodies.flatMap(decodeEnvelope).flatMap((entry) => (entry.as === 'valid' ? [entry.command] : []));

  it('puts every post on the bulk lane, in messages within their limits, and answers in order', async () => {
    const values = posts(500, '🌊'.repeat(120));
    const results = (await accept(values)).all();
    const messages = await messagesOn('posts.bulk.s0');
    const commands = new Map(commandsOf(messages).map((command) => [command.commandId, command]));
    expect(messages.length).toBeGreaterThan(500 / ENVELOPE_MAX_COMMANDS);
    for (const message of messages) {
      expect(message.length).toBeLessThanOrEqual(ENVELOPE_MAX_BYTES);
      expect(decodeEnvelope(message).length).toBeLessThanOrEqual(ENVELOPE_MAX_COMMANDS);
    }
    const stored = results.map((result) => {
      const ticket = 'jobId' in result ? readTicket(keys, 'acme', result.jobId, Date.now()) : null;
      const command = commands.get(ticket?.commandId ?? '');
      return command?.kind === 'post.create' ? { content: command.post.content } : null;
    });
    expect(stored).toEqual(values);
  });

  it('takes the good ones and says of each bad one what is wrong', async () => {
    const results = (
      await accept([{ content: 'a' }, {}, 7, { content: 'b', id: 'x' }, { content: 'c' }])
    ).all();
    expect(codesOf(results)).toEqual([
      'processing',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'processing',
    ]);
    expect(results[1]).toMatchObject({ error: { requestId: 'r', errors: [{ pointer: '/content' }] } });
    expect(commandsOf(await messagesOn('posts.bulk.s0'))).toHaveLength(2);
  });

  it('answers with mistakes alone when nothing else is there, and with nothing to nothing', async () => {
    expect(codesOf((await accept([{}])).all())).toEqual(['invalid_request']);
    expect((await accept([])).all()).toEqual([]);
  });

  it('gives the posts of a refused message their own error, and the others stand', async () => {
    const batch = await accept(posts(4 * ENVELOPE_MAX_COMMANDS), 's1');
    const codes = codesOf(batch.all());
    const stored = commandsOf(await messagesOn('posts.bulk.s1'));
    expect(stored).toHaveLength(2 * ENVELOPE_MAX_COMMANDS);
    expect(codes.filter((code) => code === 'processing')).toHaveLength(2 * ENVELOPE_MAX_COMMANDS);
    expect(codes.filter((code) => code === 'broker_rejected')).toHaveLength(2 * ENVELOPE_MAX_COMMANDS);
    expect(batch.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  });

  it('is refused as a whole when no message is taken: it has no effect', async () => {
    const batch = await accept([...posts(200), {}], 's9');
    expect(() => batch.all()).toThrow(expect.objectContaining({ code: 'broker_rejected' }));
  });

  it('is refused before it is read while the broker is away, and has no effect later', async () => {
    await proxy.refuse();
    proxy.reset();
    await eventually('the gate is closed', () => publisher.closedBecause !== null);
    await expect(accept(posts(200))).rejects.toMatchObject({ code: 'broker_unavailable' });
    await proxy.pass();
    await eventually('the gate is open again', () => publisher.closedBecause === null, {
      deadlineMs: 20_000,
    });
    expect(await messagesOn('posts.bulk.s0')).toEqual([]);
  });

  it('is unknown as a whole when no message is confirmed and one may have been stored', async () => {
    proxy.silence();
    const batch = await accept(posts(100));
    expect(() => batch.all()).toThrow(expect.objectContaining({ code: 'confirm_timeout' }));
    expect(ERROR_CODES.confirm_timeout.status).toBe(504);
  });
});
