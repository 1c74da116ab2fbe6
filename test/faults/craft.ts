import { randomUUID } from 'node:crypto';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { ENVELOPE_TYPE, issueTicket, SigningKeys } from '@spillway/contracts/server';
import type { Broker } from './broker.js';
import { draft } from './content.js';
import { readEnvFile } from './env-file.js';
import type { FaultContext } from './fault.js';
import type { RequestRecord } from './history.js';
import { Random } from './random.js';

/** The write queue of the stack's one shard. */
export const WRITE_QUEUE = 'posts.write.s0';

/** A post as a gateway would have put it on the queue, and what its client would have been told. */
export interface Crafted {
  readonly content: string;
  readonly command: CreatePost;
  readonly record: RequestRecord;
}

/** Commands as a gateway makes them, with the tickets their clients would hold. They are not sent yet. */
export function craft({ stack, callers, run, seed }: FaultContext, count: number): readonly Crafted[] {
  const keys = SigningKeys.parse(readEnvFile(stack.dir, 'gateway-1')['SIGNING_KEYS'] ?? '', 'ticket');
  const random = new Random(seed + 14);
  return Array.from({ length: count }, (_, n) => {
    const op = `${run}-crafted-${n}`;
    const { tenant, sub } = random.pick(callers);
    const { marker, content, channelId, tags } = draft(op, random);
    const id = uuidV7();
    const now = Date.now();
    const jobId = issueTicket(keys, tenant, { kind: 'create', issuedAt: now, commandId: id, postId: id });
    const post = { authorId: sub, content, tags, ...(channelId === null ? {} : { channelId }) };
    const actor = { sub, moderator: false };
    const command = {
      kind: 'post.create',
      commandId: id,
      postId: id,
      tenantId: tenant,
      actor,
      acceptedAt: now,
      post,
    } as const;
    const what = {
      op,
      attempt: 1,
      method: 'PUBLISH',
      tenant,
      sub,
      postId: id,
      marker,
      content,
      channelId,
      tags,
    } as const;
    const answer = { kind: 'accepted', jobId, commandId: id, postId: id } as const;
    return { content, command, record: { ...what, t0: now, t1: now, answer } };
  });
}

/** Puts message bodies on the write queue as a gateway does. Resolves when the broker has them. */
export async function publishBodies(broker: Broker, bodies: readonly Buffer[]): Promise<void> {
  await broker.with(async (channel) => {
    for (const body of bodies) {
      channel.publish('posts', WRITE_QUEUE, body, {
        ...{ mandatory: true, persistent: true, contentType: 'application/json', type: ENVELOPE_TYPE },
        ...{ messageId: randomUUID(), timestamp: Math.floor(Date.now() / 1000) },
      });
    }
    await channel.waitForConfirms();
  });
}
