import { eventually } from '@spillway/testing';
import type { Fault, FaultContext } from '../fault.js';
import { longestOutageMs, ReadLoad, tallyReads } from '../read-load.js';
import { replicaStreams } from '../replica.js';

const DOWN_MS = 6_000;
const READS_PER_SECOND = 40;
let running: ReadLoad | undefined;
/** `DATABASE_POOL_MAX` × `PRIMARY_READ_SHARE` of one reader. */
const BUDGET = 2;
const NAME = 'postgres-replica-1';

/** The only replica is gone in an instant: reads turn to the primary, as far as its budget for them goes. */
export const replicaDies: Fault = {
  id: 'F20',
  title: 'replica dies',
  how: 'kill -9',
  async run(context) {
    const { stack, components, injected, healed, hold, expect, note } = context;
    const reads = (running = new ReadLoad(context, READS_PER_SECOND));
    reads.start();
    await hold(2_000);
    injected();
    const from = Date.now();
    components.signal(NAME, 'SIGKILL');
    await components.supervisor('stop', NAME);
    const most = await mostReadsOnPrimary(context, from + DOWN_MS);
    const to = Date.now();
    await components.supervisor('start', NAME);
    await replicaStreams(stack);
    healed();
    await eventually(
      'the replica serves again',
      () => reads.between(to, Infinity).some(({ servedBy }) => servedBy === 'replica-1'),
      { deadlineMs: 30_000 },
    );
    note(`the replica served again ${((Date.now() - to) / 1000).toFixed(1)} s after its start`);
    await reads.stop();
    const down = reads.between(from - 200, to);
    note(`while it was down: ${tallyReads(down)}; at most ${most} reads at once on the primary`);
    const outage = longestOutageMs(down);
    expect(down.length > 50, 'there were reads');
    expect(outage <= 1_000, `no burst of errors over 1 s (${outage} ms)`);
    expect(
      down.every((r) => r.status !== 500 && r.status !== 0),
      `nobody was left alone or told 500 (${tallyReads(down)})`,
    );
    expect(
      down.filter((r) => r.status === 503).every((r) => r.retryAfter !== null),
      'every 503 says when to come again',
    );
    expect(
      down.filter((r) => r.servedBy === 'primary').length >= down.length * 0.8,
      `the primary answered most of them meanwhile (${tallyReads(down)})`,
    );
    expect(most <= BUDGET, `the primary had at most ${BUDGET} reads at once (${most})`);
  },
  async cleanUp({ stack, components }) {
    await running?.stop();
    running = undefined;
    if (stack.one(NAME).pid === 0) await components.supervisor('start', NAME);
  },
};

/** The most statements of readers that were under way at once on the primary, polls left out. */
async function mostReadsOnPrimary({ primary, hold }: FaultContext, until: number): Promise<number> {
  let most = 0;
  await primary.with(async (client) => {
    while (Date.now() < until) {
      const { rows } = await client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE usename = 'reader' AND state <> 'idle' AND query NOT LIKE '%pg_control_checkpoint%'`,
      );
      most = Math.max(most, rows[0]?.n ?? 0);
      await hold(20);
    }
  });
  return most;
}
