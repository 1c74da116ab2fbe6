import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import type { Principal } from '@spillway/auth';
import { uuidV7, type CreatePost, type PostInput } from '@spillway/contracts';
import {
  decodeEnvelope,
  putCommandId,
  readTicket,
  ShardDirectory,
  SigningKeys,
} from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { BrokerConnection, Publisher } from '@spillway/messaging';
import {
  createVirtualHost,
  eventually,
  type LeakCheck,
  quietLogger,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import { CommandAcceptor } from './accept-command.js';
import { buildCreateCommand } from './build-create-command.js';

const vhost = `spec-gateway-${randomBytes(4).toString('hex')}`;
let host: VirtualHost;
const principal: Principal = {
  sub: 'alice',
  tenant: 'acme',
  roles: new Set(['author'] as const),
  expiresAtMs: Date.now() + 60_000,
};
const commandOf = (input: PostInput, of: Principal = principal): CreatePost => {
  const now = Date.now();
  const postId = uuidV7(now);
  return buildCreateCommand({
    principal: of,
    postId,
    commandId: (post) => putCommandId(of.tenant, postId, post),
    authorId: of.sub,
    input,
    now,
  });
};

describe('buildCreateCommand', () => {
  it('makes a command that a writer takes, and leaves out what was not sent', () => {
    const command = commandOf({ content: 'hello' });
    expect(command).toEqual({
      kind: 'post.create',
      commandId: expect.any(String),
      postId: command.postId,
      tenantId: 'acme',
      actor: { sub: 'alice', moderator: false },
      acceptedAt: expect.any(Number),
      post: { authorId: 'alice', content: 'hello', tags: [] },
    });
    expect(decodeEnvelope(Buffer.from(JSON.stringify({ v: 1, commands: [command] })))).toEqual([
      { as: 'valid', command },
    ]);
  });

  it('folds tags, and says who may act for others', () => {
    const moderator = { ...principal, roles: new Set(['author', 'moderator'] as const) };
    const command = commandOf({ content: 'x', tags: ['News', 'NEWS', 'b'] }, moderator);
    expect(command.post.tags).toEqual(['news', 'b']);
    expect(command.actor.moderator).toBe(true);
  });

  it('refuses a tag that folding makes too long, and points at it where it was sent', () => {
    const input: PostInput = { content: 'x', tags: ['a', 'A', 'İ'.repeat(50)] };
    try {
      commandOf(input);
      throw new Error('it was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      expect(error).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/tags/2' }] });
    }
  });
});

describe('CommandAcceptor', () => {
  let leaks: LeakCheck;
  let admin: ChannelModel;
  let control: Channel;
  let connection: BrokerConnection;
  let publisher: Publisher;
  const keys = SigningKeys.parse(`a:${randomBytes(32).toString('base64')}`, 'ticket');
  const acceptor = (map = 's0:0-1023'): CommandAcceptor =>
    new CommandAcceptor(publisher, ShardDirectory.parse(map), keys);

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(vhost);
    const url = host.url;
    admin = await connect(url);
    control = await admin.createChannel();
    await control.assertExchange('posts', 'direct', { durable: true });
    await control.assertQueue('posts.write.s0', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await control.bindQueue('posts.write.s0', 'posts', 'posts.write.s0');
    connection = BrokerConnection.open({ urls: [url], name: 'a spec', logger: quietLogger });
    publisher = new Publisher({ connection, logger: quietLogger, timeoutMs: 10_000, maxUnconfirmed: 100 });
    await eventually('the gate opens', () => publisher.closedBecause === null);
  });
  afterAll(async () => {
    await publisher.close();
    await connection.close();
    await admin.close();
    await host.remove();
    await leaks.expectNoLeaks();
  });

  it('answers with a job of the command that is now on its queue', async () => {
    const command = commandOf({ content: 'Grüezi 👋', tags: ['A'] });
    const { jobId, ...rest } = await acceptor().accept(command, { lane: 'write', span: undefined });
    expect(rest).toEqual({ message: 'Post creation queued successfully', status: 'processing' });
    expect(readTicket(keys, 'acme', jobId, Date.now())).toEqual({
      kind: 'create',
      issuedAt: command.acceptedAt,
      commandId: command.commandId,
      postId: command.postId,
    });
    const message = await control.get('posts.write.s0', { noAck: true });
    expect(message === false ? null : decodeEnvelope(message.content)).toEqual([{ as: 'valid', command }]);
  });

  it('puts what is imported on the other lane', async () => {
    await control.assertQueue('posts.bulk.s0', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await control.bindQueue('posts.bulk.s0', 'posts', 'posts.bulk.s0');
    await acceptor().accept(commandOf({ content: 'old' }), { lane: 'bulk', span: undefined });
    expect((await control.checkQueue('posts.write.s0')).messageCount).toBe(0);
    expect((await control.checkQueue('posts.bulk.s0')).messageCount).toBe(1);
  });

  it('answers 503 when no queue takes it: nothing was accepted', async () => {
    const attempt = acceptor('s9:0-1023').accept(commandOf({ content: 'lost' }), {
      lane: 'write',
      span: undefined,
    });
    await expect(attempt).rejects.toMatchObject({ name: 'ProblemError', code: 'broker_rejected' });
    expect((await control.checkQueue('posts.write.s0')).messageCount).toBe(0);
  });
});
