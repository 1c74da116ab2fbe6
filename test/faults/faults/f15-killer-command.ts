import { encodeEnvelope } from '@spillway/contracts/server';
import { craft, publishBodies, type Crafted } from '../craft.js';
import { tally } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import { preload } from '../mutants/preload.js';
import { untilJob } from '../until-job.js';

const POLICY = 'faults-few-deliveries';
/** The stack allows twenty; each one is a writer that dies, or gives back what it holds to be alone with one. */
const DELIVERIES_MAX = 8;
const TOGETHER = 6;
const PARKED_WITHIN_MS = 180_000;
let restore: (() => void) | undefined;

/** Writers die of two posts: one alone in its message, one among others. Nobody else is given up with them. */
export const killerCommand: Fault = {
  id: 'F15',
  title: 'a command that kills the writer',
  how: 'crafted',
  recoverWithinMs: 20_000,
  async prepare(context) {
    const { stack, broker, run } = context;
    const names = stack.ofRole('writer').map((p) => p.name);
    await broker.setPolicy(POLICY, String.raw`^posts\.(write|bulk)\.`, { 'delivery-limit': DELIVERIES_MAX });
    restore = preload(stack.dir, names, ['killer-command'], { SPILLWAY_KILLER: `${run}-crafted-0⟧` });
    await context.components.bounceAll('writer');
  },
  async run(context) {
    const { broker, history, components, injected, healed, expect, note } = context;
    const posts = craft(context, 1 + TOGETHER);
    const [killer, ...others] = posts;
    if (!killer) throw new Error('nothing was crafted');
    injected();
    const from = Date.now();
    // One message of several commands: the killer is not alone in it until the writer takes it apart.
    await publishBodies(broker, [encodeEnvelope(posts.map(({ command }) => command))]);
    for (const { record } of posts) history.requests.push(record);
    const parkedMs = await untilParked(context, killer, from);
    note(`the killer was parked after ${(parkedMs / 1000).toFixed(1)} s`);
    await Promise.all(context.stack.ofRole('writer').map(({ name }) => components.ready(name)));
    healed();
    const ends = await Promise.all(
      others.map(({ record }) => untilJob(context, record, ({ status }) => status === 'completed')),
    );
    expect(
      ends.every(({ status }) => status === 'completed'),
      `what was in one message with it is stored (${tally(ends.map(({ status }) => status))})`,
    );
  },
  async after({ primary, run, expect }) {
    const { deadLetters } = await primary.read(`faults-${run}-`);
    const dead = new Set(deadLetters.map(({ commandId }) => commandId));
    expect(dead.size === 1, `it alone reached the dead letters (${dead.size} commands did)`);
  },
  async cleanUp(context) {
    await context.broker.dropPolicy(POLICY);
    if (!restore) return;
    restore();
    restore = undefined;
    await context.components.bounceAll('writer');
  },
};

/** @returns milliseconds since `from`. */
async function untilParked(context: FaultContext, { record }: Crafted, from: number): Promise<number> {
  for (;;) {
    const { reason, status } = await untilJob(context, record, (look) => look.reason === 'parked');
    if (reason === 'parked') return Date.now() - from;
    if (Date.now() - from < PARKED_WITHIN_MS) continue;
    context.expect(false, `its job says that it is parked (${status}, ${reason ?? 'no reason'})`);
    return Date.now() - from;
  }
}
