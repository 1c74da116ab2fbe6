import type { Fault, FaultContext } from '../fault.js';
import { endedBefore, expectAccepted, expectHonestJobs } from '../job-answers.js';

const HANG_MS = 12_000;
const LOCK_MS = 12_000;
const LONG_MS = 30_000;
/** `statement_timeout` of the role writer, and a second for the server to notice. */
const STATEMENT_MAX_MS = 10_000 + 1_000;
const GROWTH_MAX_MIB = 150;

interface Waiting {
  readonly who: string;
  readonly ms: number;
  readonly statement: string;
}

const LONGEST_WAIT = `
  SELECT usename AS who, (extract(epoch FROM clock_timestamp() - query_start) * 1000)::float8 AS ms,
         left(regexp_replace(query, '\\s+', ' ', 'g'), 80) AS statement
  FROM pg_stat_activity WHERE usename IN ('writer', 'reader') AND wait_event_type = 'Lock'
  ORDER BY ms DESC LIMIT 1`;
let thaw: (() => void) | undefined;

/** It is there and says nothing: first one table under a lock that nobody gives back, then the whole server. */
export const primaryHangs: Fault = {
  id: 'F18',
  title: 'primary hangs',
  how: 'SIGSTOP; lock',
  async run(context) {
    const { stack, components, primary, injected, healed, hold, note, long } = context;
    const [node] = stack.ofRole('postgres-primary');
    if (!node) throw new Error('the stack has no primary');
    const ended = endedBefore(context);
    const memory = components.memory();
    injected();
    await locked(context, memory);
    await components.allReady();
    const frozenAt = Date.now();
    thaw = components.freeze(node.name);
    await hold((long ? LONG_MS : HANG_MS) - 5_000);
    await expectHonestJobs(context, ended);
    await hold(Math.max(0, frozenAt + (long ? LONG_MS : HANG_MS) - Date.now()));
    const accepted = expectAccepted(context, frozenAt, Date.now() - 1_000);
    expectNoGrowth(context, memory, 'hanging');
    thaw();
    thaw = undefined;
    await primary.up();
    await components.allReady();
    note(`hanging: ${accepted} posts were accepted meanwhile`);
    healed();
  },
  cleanUp() {
    thaw?.();
    thaw = undefined;
    return Promise.resolve();
  },
};

/** Nobody may wait for a lock for ever, and meanwhile nothing may pile up in the writers. */
async function locked(context: FaultContext, memory: ReadonlyMap<string, number>): Promise<void> {
  const { primary, hold, expect, note, long } = context;
  const from = Date.now();
  let longest: Waiting = { who: 'nobody', ms: 0, statement: '' };
  await primary.with(async (locker) => {
    await locker.query('BEGIN; LOCK TABLE posts IN ACCESS EXCLUSIVE MODE');
    for (const until = Date.now() + (long ? LONG_MS : LOCK_MS); Date.now() < until;) {
      // Within a transaction the activity of the first look would be shown again.
      await locker.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await locker.query<Waiting>(LONGEST_WAIT);
      const [now] = rows;
      if (now && now.ms > longest.ms) longest = now;
      await hold(250);
    }
    await locker.query('ROLLBACK');
  });
  const accepted = expectAccepted(context, from, Date.now() - 1_000);
  const waited = `${longest.who} for ${longest.ms.toFixed(0)} ms: ${longest.statement}`;
  note(`locked: ${accepted} posts were accepted meanwhile; longest waited ${waited}`);
  expect(longest.ms > 0, 'statements did meet the lock');
  expect(longest.ms <= STATEMENT_MAX_MS, `no statement waited beyond its timeout (${waited})`);
  expectNoGrowth(context, memory, 'locked');
}

function expectNoGrowth(
  { components, expect, note }: FaultContext,
  before: ReadonlyMap<string, number>,
  how: string,
): void {
  const grown = [...components.memory()].map(([name, now]) => ({
    name,
    mib: now - (before.get(name) ?? now),
  }));
  const most = grown.reduce((a, b) => (a.mib > b.mib ? a : b), { name: 'none', mib: 0 });
  note(`${how}: ${most.name} grew most, by ${most.mib.toFixed(0)} MiB`);
  expect(most.mib <= GROWTH_MAX_MIB, `${how}: no process grew (${most.name} by ${most.mib.toFixed(0)} MiB)`);
}
