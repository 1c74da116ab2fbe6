import { connect } from 'amqplib';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope, issueTicket, SigningKeys } from '@spillway/contracts/server';
import { readStack } from '@spillway/testing';
import { readEnvFile } from '../faults/env-file.js';

/** A command that was put straight to the broker, and the job id its client would have. */
export interface Sent {
  readonly command: CreatePost;
  readonly jobId: string;
}

/** A new post's command and its job, not sent anywhere. */
export function commandOf(tenantId: string, content = 'hello'): Sent {
  const postId = uuidV7();
  const acceptedAt = Date.now();
  const command: CreatePost = {
    kind: 'post.create',
    commandId: postId,
    postId,
    tenantId,
    actor: { sub: 'alice', moderator: false },
    acceptedAt,
    post: { authorId: 'alice', content, tags: [] },
  };
  const env = readEnvFile(readStack().dir, 'gateway-1');
  const keys = SigningKeys.parse(env['SIGNING_KEYS'] ?? '', 'ticket');
  const jobId = issueTicket(keys, tenantId, {
    kind: 'create',
    issuedAt: acceptedAt,
    commandId: postId,
    postId,
  });
  return { command, jobId };
}

/** Publishes a body as the gateway would, or as the broker gives up on a message. */
async function publish(exchange: 'posts' | 'posts.dead', body: Buffer): Promise<void> {
  const model = await connect(readStack().urlOf('rabbitmq'), { timeout: 5_000 });
  try {
    const channel = await model.createConfirmChannel();
    const options = { persistent: true, messageId: crypto.randomUUID(), contentType: 'application/json' };
    channel.publish(exchange, 'posts.write.s0', body, options);
    await channel.waitForConfirms();
  } finally {
    await model.close();
  }
}

/** Sends a post past the gateway. */
export const sendCommand = (command: CreatePost): Promise<void> =>
  publish('posts', encodeEnvelope([command]));

/** Sends a post in an envelope of a version that no writer knows yet. */
export async function sendNewer(tenantId: string): Promise<Sent> {
  const sent = commandOf(tenantId);
  await publish('posts', Buffer.from(JSON.stringify({ v: 2, commands: [sent.command] })));
  return sent;
}

/** Sends a post, and gives it up at once as the broker does after too many deliveries. */
export async function sendGivenUp(tenantId: string, content?: string): Promise<Sent> {
  const sent = commandOf(tenantId, content);
  await publish('posts.dead', encodeEnvelope([sent.command]));
  return sent;
}

export const sendUnreadable = (text: string): Promise<void> => publish('posts.dead', Buffer.from(text));
