import { eventually, notYet } from '@spillway/testing';
import { ALARMS } from '../broker.js';
import { withoutEnd } from '../drain.js';
import { byAnswer, percentile, quick, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';

const BACKLOG_MS = 2_000;
const ALARM_MS = 5_000;
/** The first publish after the alarm is what tells the broker to block this connection; it waits for its deadline. */
const NOTICED_AFTER_MS = 1_000;

/** Publishers are blocked and told; consumers go on, or the broker would never get better. */
export const brokerAlarm: Fault = {
  id: 'F8',
  title: 'memory or disk alarm',
  how: 'rabbitmqctl watermark',
  async run(context) {
    const { stack, components, broker, injected, healed, hold } = context;
    const writers = stack.ofRole('writer').map((p) => p.name);
    injected();
    for (const name of writers) components.signal(name, 'SIGSTOP');
    await hold(BACKLOG_MS);
    await during(context, 'memory', async () => {
      for (const name of writers) components.signal(name, 'SIGCONT');
      await eventually(
        'the writers drain while the broker blocks publishers',
        async () => {
          const left = await withoutEnd(context);
          return left === 0 || notYet({ left });
        },
        { deadlineMs: 30_000, everyMs: 300 },
      );
    });
    await during(context, 'disk', () => Promise.resolve());
    healed();
    await broker.up();
  },
  async cleanUp({ stack, components, broker }) {
    for (const { name } of stack.ofRole('writer'))
      if (components.runs(name)) components.signal(name, 'SIGCONT');
    for (const { clear } of Object.values(ALARMS)) await broker.control(...clear);
  },
};

/** One alarm from its raising to the first 202 after its end. */
async function during(
  { broker, history, hold, expect, note }: FaultContext,
  kind: keyof typeof ALARMS,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const usual = byAnswer(history.requests).accepted;
  await broker.control(...ALARMS[kind].raise);
  const from = Date.now() + NOTICED_AFTER_MS;
  await Promise.all([hold(ALARM_MS), meanwhile()]);
  const to = Date.now();
  await broker.control(...ALARMS[kind].clear);
  const clearedAt = Date.now();
  const sent = history.within(from, to);
  const { refused } = byAnswer(sent);
  note(`${kind}: ${summary(sent)}; refused p95 ${percentile(refused, 0.95)} ms`);
  expect(
    sent.length > 0 && refused.length === sent.length,
    `${kind}: all were refused with 503 (${summary(sent)})`,
  );
  expect(quick(refused, 0.5, 100, usual), `${kind}: at once (median ${percentile(refused, 0.5)} ms)`);
  const backAt = await eventually(
    `${kind}: posts are accepted again`,
    () => history.requests.find((r) => r.answer.kind === 'accepted' && r.t0 > to)?.t1 ?? null,
    { deadlineMs: 15_000 },
  );
  note(`${kind}: posts were accepted again ${Math.max(0, backAt - clearedAt)} ms after it`);
}
