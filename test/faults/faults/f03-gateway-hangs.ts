import { uuidV7Time } from '@spillway/contracts';
import { summary } from '../durations.js';
import type { Fault } from '../fault.js';

const HANG_MS = 10_000;
const IN_HAND = 40;
/** PUBLISH_TIMEOUT_MS of the local stack, and what a slow machine needs to notice that it is over. */
const CONFIRM_DEADLINE_MS = 3_000 + 1_000;

/** Timers and confirms are both overdue when it goes on: a confirm that came too late must not win. */
export const gatewayHangs: Fault = {
  id: 'F3',
  title: 'gateway hangs 10 s',
  how: 'SIGSTOP/CONT',
  async run({ stack, components, load, history, injected, healed, hold, expect, note }) {
    const name = stack.ofRole('gateway')[0]?.name ?? '';
    const url = stack.urlOf(name);
    await Promise.all(Array.from({ length: IN_HAND }, () => load.sendTo(url)));
    const inHand = Array.from({ length: IN_HAND }, () => load.sendTo(url));
    await hold(15);
    injected();
    const stoppedAt = Date.now();
    components.signal(name, 'SIGSTOP');
    await hold(HANG_MS);
    components.signal(name, 'SIGCONT');
    healed();
    const wokenAt = Date.now();
    const answers = await Promise.all(inHand);
    note(`what ${name} had in hand: ${summary(answers)}`);
    expect(
      answers.every((r) => r.answer.kind !== 'unknown' || r.answer.status === 504),
      `what it had in hand was answered when it went on (${summary(answers)})`,
    );
    const meanwhile = history.sentBetween(stoppedAt, wokenAt - 1_000);
    const served = meanwhile.filter((r) => r.answer.kind === 'accepted' && r.t1 < wokenAt).length;
    expect(
      served > meanwhile.length / 3,
      `meanwhile the other accepted posts (${served} of ${meanwhile.length})`,
    );
    await hold(2_000);
    // The id of a POST says when the gateway took it in hand; only what it slept through can be so late.
    const late = [...new Set([...history.requests, ...answers])].filter(
      ({ method, answer, t1 }) =>
        method === 'POST' &&
        answer.kind === 'accepted' &&
        uuidV7Time(answer.commandId) < wokenAt &&
        t1 >= wokenAt &&
        t1 - uuidV7Time(answer.commandId) > CONFIRM_DEADLINE_MS,
    );
    expect(late.length === 0, `no 202 for an expired confirm (${late.length} were)`);
  },
  cleanUp({ stack, components }) {
    for (const { name } of stack.ofRole('gateway'))
      if (components.runs(name)) components.signal(name, 'SIGCONT');
    return Promise.resolve();
  },
};
