import { eventually, notYet } from '@spillway/testing';
import { spared, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import { reroute, type Detour } from '../reroute.js';

const KILLS = 12;
const CUTS = 6;
const DEADLINE_MS = 20_000;
/** The pooler of the primary: the writers know the primary by its address. */
const POOLER = 'pgbouncer-primary';
let detour: Detour | undefined;

/** A batch dies half-way, and a batch is committed whose writer is never told. Both are tried again. */
export const backendKilled: Fault = {
  id: 'F16',
  title: 'Postgres backend killed mid-batch; ambiguous commit',
  how: 'pg_terminate_backend; proxy cut',
  async prepare(context) {
    const names = context.stack.ofRole('writer').map((p) => p.name);
    detour = await reroute(context, names, POOLER);
  },
  async run(context) {
    const { history, components, injected, healed, expect, note } = context;
    injected();
    const from = Date.now();
    const killed = await killMidBatch(context);
    note(`${killed} backends were killed inside a transaction`);
    expect(killed >= KILLS, `${KILLS} batches lost their backend half-way (${killed} did)`);
    const cuts = await cutAfterCommit(context);
    note(`${cuts} commits were cut off from their answer`);
    expect(cuts === CUTS, `${CUTS} commits had no answer (${cuts} had none)`);
    healed();
    await components.allReady();
    const meanwhile = history.sentBetween(from, Date.now() - 500);
    expect(spared(meanwhile), `clients noticed nothing (${summary(meanwhile)})`);
  },
  async cleanUp() {
    await detour?.end();
    detour = undefined;
  },
};

/** Ends writers' backends as the administrator does, and only those that are inside a transaction. */
async function killMidBatch({ primary, hold }: FaultContext): Promise<number> {
  return primary.with(async (client) => {
    let killed = 0;
    for (const until = Date.now() + DEADLINE_MS; killed < KILLS && Date.now() < until;) {
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE usename = 'writer' AND xact_start IS NOT NULL AND query NOT LIKE 'SELECT%pg_is_in_recovery%'`,
      );
      killed += rowCount ?? 0;
      await hold((rowCount ?? 0) > 0 ? 250 : 5);
    }
    return killed;
  });
}

/** Lets COMMIT reach the primary, and resets the writer's connection before it can hear of it. */
async function cutAfterCommit({ hold }: FaultContext): Promise<number> {
  if (!detour) throw new Error('there is no proxy');
  const { all } = detour;
  const cuts = (): number => all.reduce((sum, proxy) => sum + proxy.cuts, 0);
  while (cuts() < CUTS) {
    const wanted = cuts() + 1;
    for (const proxy of all.slice(0, 1)) proxy.cutAfter('COMMIT', 1);
    await eventually('a commit is cut off', () => cuts() >= wanted || notYet({ cuts: cuts() }), {
      ...{ deadlineMs: DEADLINE_MS, everyMs: 10 },
    });
    await hold(400);
  }
  return cuts();
}
