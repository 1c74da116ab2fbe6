import { encodeEnvelope } from '@spillway/contracts/server';
import { eventually, mintToken, notYet } from '@spillway/testing';
import { craft, publishBodies, type Crafted } from '../craft.js';
import type { Fault, FaultContext } from '../fault.js';
import type { RequestRecord } from '../history.js';
import { preload } from '../mutants/preload.js';
import { untilJob } from '../until-job.js';

const EACH = 10;
let restore: (() => void) | undefined;

/** Gateways were upgraded before writers: what these do not know is kept, and carried out by the next version. */
export const newerEnvelope: Fault = {
  id: 'F26',
  title: 'an old writer meets a newer envelope',
  how: 'crafted messages; parked, then replayed',
  async run(context) {
    const { stack, broker, history, injected, healed, expect, note } = context;
    const posts = craft(context, 3 * EACH);
    const [newer, strange, known] = [0, 1, 2].map((n) => posts.slice(n * EACH, (n + 1) * EACH));
    if (!newer || !strange || !known) throw new Error('nothing was crafted');
    injected();
    await publishBodies(broker, [
      ...newer.map(({ command }) => Buffer.from(JSON.stringify({ v: 2, commands: [command] }))),
      ...strange.map(({ command }) =>
        Buffer.from(JSON.stringify({ v: 1, commands: [{ ...command, kind: 'post.pin' }] })),
      ),
      ...known.map(({ command }) => encodeEnvelope([command])),
    ]);
    for (const { record } of posts) history.requests.push(record);
    await expectParked(context, [...newer, ...strange]);
    await expectCompleted(context, known, 'what it knows is carried out');
    restore = preload(
      stack.dir,
      stack.ofRole('writer').map((p) => p.name),
      ['newer-writer'],
    );
    await context.components.bounceAll('writer');
    healed();
    const replayed = await replay(context, newer);
    note(`${replayed} dead letters were replayed to a newer writer`);
    expect(
      replayed === newer.length,
      `each newer command was kept, and an operator may replay it (${replayed} of ${newer.length})`,
    );
    await expectCompleted(context, newer, 'the newer writer carried them out');
    await expectParked(context, strange);
  },
  async cleanUp(context) {
    if (!restore) return;
    restore();
    restore = undefined;
    await context.components.bounceAll('writer');
  },
};

async function expectParked(context: FaultContext, posts: readonly Crafted[]): Promise<void> {
  for (const { record } of posts) {
    const { status, reason } = await untilJob(context, record, (look) => look.reason === 'parked');
    context.expect(
      status === 'processing' && reason === 'parked',
      `its job says that it is parked (${status}, ${reason ?? 'no reason'})`,
    );
  }
}

async function expectCompleted(
  context: FaultContext,
  posts: readonly { readonly record: RequestRecord }[],
  what: string,
): Promise<void> {
  for (const { record } of posts) {
    const { status, reason } = await untilJob(context, record, (look) => look.status === 'completed');
    context.expect(status === 'completed', `${what} (${status}, ${reason ?? 'no reason'})`);
  }
}

/** Asks for the replay of these commands' dead letters, as operators of their tenants. @returns how many. */
async function replay({ stack }: FaultContext, posts: readonly Crafted[]): Promise<number> {
  const byTenant = Map.groupBy(posts, ({ command }) => command.tenantId);
  let replayed = 0;
  for (const [tenant, crafted] of byTenant) {
    const token = await mintToken(stack.dir, { tenant, sub: 'olga', roles: ['operator'] });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const wanted = new Set(crafted.map(({ command }) => command.commandId));
    const letters = await eventually('a replica lists the dead letters', async () => {
      const listed = await fetch(`${stack.baseUrl}/v1/dead-letters?limit=100`, { headers });
      const found = itemsOf(await listed.json()).filter(({ commandId }) => wanted.has(commandId));
      return found.length === wanted.size ? found : notYet({ status: listed.status, found: found.length });
    });
    for (const letter of letters) {
      const answer = await fetch(`${stack.baseUrl}/v1/dead-letters/${letter.id}/replay`, {
        ...{ method: 'POST', headers, body: JSON.stringify({ why: 'the writers are newer now' }) },
      });
      await answer.text();
      if (answer.status === 202) replayed++;
    }
  }
  return replayed;
}

interface Letter {
  readonly id: string;
  readonly commandId: string;
}

const itemsOf = (body: unknown): readonly Letter[] =>
  (body as { readonly items?: readonly Letter[] } | null)?.items ?? [];
