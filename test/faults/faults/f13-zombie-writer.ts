import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, notYet } from '@spillway/testing';
import { WRITE_QUEUE } from '../craft.js';
import { spared, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import { freshMarks, marksOf, preload } from '../mutants/preload.js';

const MOMENTS = ['after-commit', 'before-commit'] as const;
/** Shorter than the stack's 10 s, so that the broker gives the zombie up in 15 s at most. */
const HEARTBEAT_S = 5;
let restore: (() => void) | undefined;

/** A writer stops with a batch in its hands, is given up, and goes on when another has its messages. */
export const zombieWriter: Fault = {
  id: 'F13',
  title: 'zombie writer',
  how: 'SIGSTOP past the heartbeat, CONT',
  async prepare(context) {
    const { stack, broker } = context;
    const marks = freshMarks(context.stack.dir);
    await setHeartbeat(broker, HEARTBEAT_S);
    restore = preload(stack.dir, writersOf(context), ['kill-around-commit'], {
      SPILLWAY_FAULTS_DIR: marks,
    });
    await context.components.bounceAll('writer');
  },
  async run(context) {
    const { hold } = context;
    for (const moment of MOMENTS) {
      await once(context, moment);
      await hold(1_000);
    }
  },
  async cleanUp(context) {
    const { stack, broker, components } = context;
    for (const name of writersOf(context)) if (components.runs(name)) components.signal(name, 'SIGCONT');
    if (!restore) return;
    restore();
    restore = undefined;
    await setHeartbeat(broker, 10);
    rmSync(marksOf(stack.dir), { recursive: true, force: true });
    await context.components.bounceAll('writer');
  },
};

async function once(context: FaultContext, moment: (typeof MOMENTS)[number]): Promise<void> {
  const { stack, components, broker, history, injected, healed, expect, note } = context;
  const stopped = join(marksOf(stack.dir), 'stopped');
  rmSync(stopped, { force: true });
  injected();
  writeFileSync(join(marksOf(stack.dir), `stop-${moment}`), '');
  const zombie = await eventually(`a writer stops ${moment}`, () => {
    const pid = existsSync(stopped) ? Number(readFileSync(stopped, 'utf8')) : 0;
    return stack.ofRole('writer').find((p) => p.pid === pid);
  });
  const stoppedAt = Date.now();
  const before = components.log(zombie.name).length;
  await eventually(
    'the broker gives the zombie up',
    async () => {
      const consumers = (await broker.counts()).find((q) => q.name === WRITE_QUEUE)?.consumers ?? 0;
      return consumers === stack.ofRole('writer').length - 1 || notYet({ consumers });
    },
    { deadlineMs: 40_000, everyMs: 300 },
  );
  const givenUpMs = Date.now() - stoppedAt;
  // The other has what the zombie held, and has ended it, before the zombie goes on.
  const known = await takenOver(context, stoppedAt);
  components.signal(zombie.name, 'SIGCONT');
  healed();
  note(
    `${zombie.name} stopped ${moment}, was given up after ${givenUpMs} ms; ${known} posts went on without it`,
  );
  await components.ready(zombie.name);
  const said = components.log(zombie.name).slice(before);
  expect(stack.one(zombie.name).pid === zombie.pid, `${moment}: the zombie itself went on`);
  expect(
    !said.includes('PRECONDITION_FAILED') && !said.includes('unknown delivery tag'),
    `${moment}: it acked nothing of a connection that it had lost`,
  );
  const meanwhile = history.sentBetween(stoppedAt, Date.now() - 1_000);
  expect(spared(meanwhile), `${moment}: clients noticed nothing (${summary(meanwhile)})`);
}

/** Waits until everything accepted before the zombie stopped is stored by the other. */
async function takenOver({ history, primary, run }: FaultContext, stoppedAt: number): Promise<number> {
  const accepted = history.requests.flatMap(({ answer, t1 }) =>
    answer.kind === 'accepted' && t1 < stoppedAt ? [answer.commandId] : [],
  );
  return eventually(
    'the other writer has stored what the zombie held',
    async () => {
      const { rows } = await primary.read(`faults-${run}-`);
      const stored = new Set(rows.map((r) => r.commandId));
      const open = accepted.filter((id) => !stored.has(id)).length;
      return open === 0 ? accepted.length : notYet({ open });
    },
    { deadlineMs: 40_000, everyMs: 500 },
  );
}

const writersOf = ({ stack }: FaultContext): string[] => stack.ofRole('writer').map((p) => p.name);

const setHeartbeat = (broker: FaultContext['broker'], seconds: number): Promise<string> =>
  broker.control('eval', `application:set_env(rabbit, heartbeat, ${seconds}).`);
