import { encodeEnvelope } from '@spillway/contracts/server';
import { craft, publishBodies, type Crafted } from '../craft.js';
import type { Fault, FaultContext } from '../fault.js';
import { untilJob } from '../until-job.js';

const BATCH = 500;
const NEIGHBOURS_WITHIN_MS = 1_000;

/** A real data error: a constraint that only this one content violates, on the real primary. */
export const poisonPost: Fault = {
  id: 'F14',
  title: 'one poison post in a batch of 500',
  how: 'crafted message',
  async run(context) {
    const { stack, components, broker, primary, history, injected, healed, expect, note, run } = context;
    const posts = craft(context, BATCH);
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
      await publishBodies(
        broker,
        posts.map(({ command }) => encodeEnvelope([command])),
      );
      for (const { record } of posts) history.requests.push(record);
    } finally {
      components.signal(one, 'SIGCONT');
    }
    healed();
    const look = await untilJob(
      context,
      poison.record,
      ({ status }) => status === 'completed' || status === 'failed',
    );
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

async function storedAt({ primary }: FaultContext, posts: readonly Crafted[]): Promise<readonly number[]> {
  return primary.with(async (client) => {
    const { rows } = await client.query<{ at: number }>(
      'SELECT (extract(epoch FROM stored_at) * 1000)::float8 AS at FROM posts WHERE id = ANY($1::uuid[])',
      [posts.map((p) => p.command.postId)],
    );
    return rows.map((row) => row.at);
  });
}
