import { eventually, notYet } from '@spillway/testing';
import { encodeEnvelope } from '@spillway/contracts/server';
import { craft, publishBodies, WRITE_QUEUE, type Crafted } from '../craft.js';
import type { Fault, FaultContext } from '../fault.js';
import { untilJob } from '../until-job.js';

const EACH = 8;
const STUCK_MS = 4_000;
const DEAD_QUEUE = 'posts.dead';
const POLICY = 'faults-dead-full';
/** How often the broker tries a dead letter again that nobody took: three minutes are too long to watch. */
const AGAIN_AFTER_MS = 2_003;
const AGAIN_AFTER_DEFAULT_MS = 180_000;

/** What was given up has nowhere to go: its queue keeps it until there is a place again. */
export const deadLettersStuck: Fault = {
  id: 'F27',
  title: 'dead-letter queue full or gone',
  how: 'max-length 1; deleted',
  async prepare({ broker }) {
    await retryDeadLetters(broker, AGAIN_AFTER_DEFAULT_MS, AGAIN_AFTER_MS);
  },
  async run(context) {
    const { broker, injected, healed } = context;
    const posts = craft(context, 2 * EACH);
    injected();
    await stuck(context, 'full', posts.slice(0, EACH), {
      break: () =>
        broker.setPolicy(POLICY, '^posts\\.dead$', { 'max-length': 1, overflow: 'reject-publish' }),
      heal: () => broker.dropPolicy(POLICY),
    });
    await stuck(context, 'gone', posts.slice(EACH), {
      break: () => broker.with(async (channel) => void (await channel.deleteQueue(DEAD_QUEUE))),
      heal: () => declareAgain(broker),
    });
    healed();
  },
  async cleanUp({ broker, stack, components }) {
    await broker.dropPolicy(POLICY);
    await declareAgain(broker);
    await retryDeadLetters(broker, AGAIN_AFTER_MS, AGAIN_AFTER_DEFAULT_MS);
    for (const { name, pid } of stack.ofRole('writer'))
      if (pid === 0) await components.supervisor('start', name);
  },
};

interface Trouble {
  readonly break: () => Promise<void>;
  readonly heal: () => Promise<void>;
}

async function stuck(
  context: FaultContext,
  how: 'full' | 'gone',
  posts: readonly Crafted[],
  trouble: Trouble,
): Promise<void> {
  const { stack, components, broker, history, hold, expect, note } = context;
  const writers = stack.ofRole('writer').map((p) => p.name);
  // Writers empty the dead-letter queue, and take what we want to give up.
  await Promise.all(writers.map((name) => components.supervisor('stop', name)));
  await trouble.break();
  await publishBodies(
    broker,
    posts.map(({ command }) => encodeEnvelope([command])),
  );
  for (const { record } of posts) history.requests.push(record);
  const givenUp = await giveUp(broker, posts);
  expect(givenUp === posts.length, `${how}: ${posts.length} messages were given up (${givenUp} were)`);
  if (how === 'gone') await Promise.all(writers.map((name) => components.supervisor('start', name)));
  await hold(STUCK_MS);
  const landed = await landedOf(context, posts);
  expect(landed === 0, `${how}: none of them can have landed yet (${landed} have)`);
  for (const { record } of posts) {
    const { status } = await context.followers.look(record);
    expect(status === 'processing', `${how}: nothing is claimed about its job (${status})`);
  }
  await trouble.heal();
  if (how === 'full') await Promise.all(writers.map((name) => components.supervisor('start', name)));
  const healedAt = Date.now();
  await eventually(
    `${how}: what was given up lands among the dead letters`,
    async () => {
      const count = await landedOf(context, posts);
      return count === posts.length || notYet({ landed: count });
    },
    { deadlineMs: 60_000, everyMs: 300 },
  );
  note(`${how}: all ${posts.length} landed ${Date.now() - healedAt} ms after there was a place`);
  for (const { record } of posts) {
    const { reason } = await untilJob(context, record, (look) => look.reason === 'parked');
    expect(reason === 'parked', `${how}: its job says that it is parked (${reason ?? 'no reason'})`);
  }
}

/** Takes these messages from the write queue and rejects them for good; all others go back. */
async function giveUp(broker: FaultContext['broker'], posts: readonly Crafted[]): Promise<number> {
  const wanted = new Set(posts.map(({ command }) => command.commandId));
  return broker.with(async (channel) => {
    let givenUp = 0;
    while (givenUp < wanted.size) {
      const message = await channel.get(WRITE_QUEUE, { noAck: false });
      if (message === false) break;
      const body = message.content.toString();
      if (![...wanted].some((id) => body.includes(id))) continue;
      channel.nack(message, false, false);
      givenUp++;
    }
    // The broker answers this after it has seen to all of them; closing at once could overtake the last.
    await channel.checkQueue(WRITE_QUEUE);
    return givenUp;
  });
}

async function landedOf({ primary }: FaultContext, posts: readonly Crafted[]): Promise<number> {
  return primary.with(async (client) => {
    const { rows } = await client.query<{ n: number }>(
      'SELECT count(DISTINCT command_id)::int AS n FROM dead_letters WHERE command_id = ANY($1::uuid[])',
      [posts.map(({ command }) => command.commandId)],
    );
    return rows[0]?.n ?? 0;
  });
}

/** As libs/messaging declares it. */
const declareAgain = (broker: FaultContext['broker']): Promise<void> =>
  broker.with(async (channel) => {
    await channel.assertQueue(DEAD_QUEUE, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
    });
    await channel.bindQueue(DEAD_QUEUE, 'posts.dead', '');
  });

/** Tells the workers that carry dead letters from queue to queue, by their one field of this value. */
const retryDeadLetters = (broker: FaultContext['broker'], insteadOfMs: number, ms: number): Promise<string> =>
  broker.control(
    'eval',
    `[sys:replace_state(P, fun(S) ->
        list_to_tuple([if E =:= ${insteadOfMs} -> ${ms}; true -> E end || E <- tuple_to_list(S)])
      end) || {_, P, _, _} <- supervisor:which_children(rabbit_fifo_dlx_sup), is_pid(P)], ok.`,
  );
