import { eventually, notYet } from '@spillway/testing';
import { byAnswer, percentile, quick, summary } from '../durations.js';
import type { Fault } from '../fault.js';

const POLICY = 'faults-full';
const MAX_LENGTH = 10;
const FULL_FOR_MS = 5_000;
/** The queue tells the channels that it is full; what is under way by then still gets in. */
const OVERSHOOT_MAX = 300;

/** Nobody reads, and the queue may hold ten messages: it refuses the rest, and so does the gateway. */
export const queueFull: Fault = {
  id: 'F10',
  title: 'queue full',
  how: 'max-length 10',
  async run({ stack, components, broker, history, injected, healed, hold, expect, note }) {
    const writers = stack.ofRole('writer').map((p) => p.name);
    const usual = byAnswer(history.requests).accepted;
    injected();
    await broker.setPolicy(POLICY, String.raw`^posts\.write\.`, {
      'delivery-limit': 20,
      'max-length': MAX_LENGTH,
    });
    await Promise.all(writers.map((name) => components.supervisor('stop', name)));
    const stoppedAt = Date.now();
    await eventually('the queue is full', async () => {
      const ready = await broker.ready();
      return ready >= MAX_LENGTH || notYet({ ready });
    });
    await hold(1_000);
    const from = Date.now();
    await hold(FULL_FOR_MS);
    const to = Date.now();
    const ready = await broker.ready();
    await broker.dropPolicy(POLICY);
    await Promise.all(writers.map((name) => components.supervisor('start', name)));
    healed();
    const sent = history.within(from, to);
    const { refused } = byAnswer(sent);
    note(`${ready} messages in a queue of ${MAX_LENGTH}; ${summary(sent)}`);
    expect(
      sent.length > 0 && refused.length === sent.length,
      `while it was full all were refused with 503 (${summary(sent)})`,
    );
    expect(
      refused.every((r) => r.answer.kind === 'refused' && r.answer.code === 'broker_rejected'),
      'because the broker refused them',
    );
    expect(
      refused.every((r) => r.answer.kind === 'refused' && r.answer.retryAfter !== undefined),
      'with Retry-After',
    );
    expect(quick(refused, 0.5, 200, usual), `soon (median ${percentile(refused, 0.5)} ms)`);
    const got = byAnswer(history.sentBetween(stoppedAt, to)).accepted.length;
    expect(
      got <= MAX_LENGTH + OVERSHOOT_MAX && ready <= MAX_LENGTH + OVERSHOOT_MAX,
      `what got in beyond that was bounded (${got} posts accepted, ${ready} waiting)`,
    );
  },
  async cleanUp({ stack, components, broker }) {
    await broker.dropPolicy(POLICY);
    for (const { name, pid } of stack.ofRole('writer'))
      if (pid === 0) await components.supervisor('start', name);
  },
};
