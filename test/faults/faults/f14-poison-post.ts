import { randomUUID } from 'node:crypto';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope, ENVELOPE_TYPE, issueTicket, SigningKeys } from '@spillway/contracts/server';
import { draft } from '../content.js';
import { readEnvFile } from '../env-file.js';
import type { Fault, FaultContext } from '../fault.js';
import type { RequestRecord } from '../history.js';
import { Random } from '../random.js';

const BATCH = 500;
const NEIGHBOURS_WITHIN_MS = 1_000;

/** A real data error: a constraint that only this one content violates, on the real primary. */
export const poisonPost: Fault = {
  id: 'F14',
  title: 'one poison post in a batch of 500',
  how: 'crafted message',
  async run(context) {
    const { stack, components, broker, primary, history, injected, healed, expect, note, run } = context;
    const posts = craft(context);
    const poison = posts[Math.floor(BATCH / 2)];
    if (!poison) throw new Error('nothing was crafted');
    await primary.with(async (client) => {
      const content = client.escapeLiteral(poison.content);
      await client.query(
        `ALTER TABLE posts ADD CONSTRAINT ${constraintOf(run)} CHECK (content <> ${content}) NOT VALID`,
      );
    });
    const [one, ...others] = stack.ofRole('writer').map((p) => p.name);
    if (one === undefined) throw new Error('the stack has no writer');
    for (const name of others) await components.supervisor('stop', name);
    injected();
    // The one writer left sees nothing until all 500 lie in its queue: they come as one batch.
    components.signal(one, 'SIGSTOP');
    try {
      await broker.with(async (channel) => {
        for (const { command } of posts) {
          channel.publish('posts', 'posts.write.s0', encodeEnvelope([command]), {
            ...{ mandatory: true, persistent: true, contentType: 'application/json', type: ENVELOPE_TYPE },
            ...{ messageId: randomUUID(), timestamp: command.acceptedAt },
          });
        }
        await channel.waitForConfirms();
      });
      for (const { record } of posts) history.requests.push(record);
    } finally {
      components.signal(one, 'SIGCONT');
    }
    healed();
    const look = await untilEnded(context, poison.record);
    expect(look.status === 'failed', `the job of the poison post failed (it is ${look.status})`);
    expect(look.code === 'data_rejected', `its reason is data_rejected (it is ${look.code ?? 'missing'})`);
    for (const name of others) await components.supervisor('start', name);
    const stored = await storedAt(context, posts);
    const spread = Math.max(...stored) - Math.min(...stored);
    note(`${stored.length} neighbours were committed within ${spread.toFixed(0)} ms`);
    expect(stored.length === BATCH - 1, `its ${BATCH - 1} neighbours are stored (${stored.length} are)`);
    expect(spread <= NEIGHBOURS_WITHIN_MS, `within a second of each other (${spread.toFixed(0)} ms)`);
  },
  async cleanUp({ primary, components, stack, run }) {
    await primary.with((client) =>
      client.query(`ALTER TABLE posts DROP CONSTRAINT IF EXISTS ${constraintOf(run)}`),
    );
    for (const { name, pid } of stack.ofRole('writer'))
      if (pid === 0) await components.supervisor('start', name);
  },
};

const constraintOf = (run: string): string => `poison_${run.replaceAll(/[^a-z0-9]/gi, '_').toLowerCase()}`;

interface Crafted {
  readonly content: string;
  readonly command: CreatePost;
  readonly record: RequestRecord;
}

/** Commands as a gateway makes them, with the tickets their clients would hold. */
function craft({ stack, callers, run, seed }: FaultContext): readonly Crafted[] {
  const keys = SigningKeys.parse(readEnvFile(stack.dir, 'gateway-1')['SIGNING_KEYS'] ?? '', 'ticket');
  const random = new Random(seed + 14);
  return Array.from({ length: BATCH }, (_, n) => {
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

async function untilEnded({ followers, hold }: FaultContext, record: RequestRecord) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const look = await followers.look(record);
    if (look.status === 'completed' || look.status === 'failed' || Date.now() > deadline) return look;
    await hold(50);
  }
}

async function storedAt({ primary }: FaultContext, posts: readonly Crafted[]): Promise<readonly number[]> {
  return primary.with(async (client) => {
    const { rows } = await client.query<{ at: number }>(
      'SELECT (extract(epoch FROM stored_at) * 1000)::float8 AS at FROM posts WHERE id = ANY($1::uuid[])',
      [posts.map((p) => p.command.postId)],
    );
    return rows.map((row) => row.at);
  });
}
