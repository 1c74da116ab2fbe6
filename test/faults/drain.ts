import { eventually, notYet } from '@spillway/testing';
import type { FaultContext } from './fault.js';
import { tenantsOf } from './callers.js';

const DRAIN_DEADLINE_MS = 90_000;
const STILL_MS = 1_500;
/** Empty queues for so long, and still no end: it will not come. The checker says so. */
const LOST_MS = 12_000;

/**
 * Waits until nothing is on its way any more: the primary knows an end for every 202, no message waits in
 * a queue, and the broker counts none as delivered but not acked, twice in a row.
 * Stops waiting for ends that cannot come any more.
 * @returns how long that took.
 * @throws Error saying what was still open at the deadline.
 */
export async function drain({ broker, primary, history, run }: FaultContext): Promise<number> {
  const started = Date.now();
  const promised = promisedBy(history);
  let emptySince: number | null = null;
  await eventually(
    'the queues are empty and every accepted post has ended',
    async () => {
      const ready = await broker.ready();
      const messages = await broker.messages();
      if (ready + messages > 0) {
        emptySince = null;
        return notYet({ ready, messages });
      }
      emptySince ??= Date.now();
      const open = await openCommands(primary, run, promised);
      const patienceMs = open === 0 ? STILL_MS : LOST_MS;
      return Date.now() - emptySince >= patienceMs || notYet({ ready, messages, withoutEnd: open });
    },
    { deadlineMs: DRAIN_DEADLINE_MS, everyMs: 250 },
  );
  return Date.now() - started;
}

/** Every command that a client was told 202 for. */
function promisedBy(history: FaultContext['history']): ReadonlySet<string> {
  return new Set(
    history.requests.flatMap(({ answer }) => (answer.kind === 'accepted' ? [answer.commandId] : [])),
  );
}

/** How many accepted commands the primary knows no end of, at this moment. */
export const withoutEnd = ({ primary, history, run }: FaultContext): Promise<number> =>
  openCommands(primary, run, promisedBy(history));

async function openCommands(
  primary: FaultContext['primary'],
  run: string,
  promised: ReadonlySet<string>,
): Promise<number> {
  const [tenant = ''] = tenantsOf(run);
  const { rows, outcomes, deadLetters } = await primary.read(tenant.slice(0, -1));
  const ended = new Set<string | null>([...rows, ...outcomes, ...deadLetters].map((r) => r.commandId));
  return [...promised].filter((id) => !ended.has(id)).length;
}
