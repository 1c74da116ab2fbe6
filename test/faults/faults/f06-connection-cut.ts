import { eventually, notYet } from '@spillway/testing';
import { byAnswer, summary } from '../durations.js';
import type { Fault } from '../fault.js';
import { reroute, type Detour } from '../reroute.js';

const TIMES = 3;
const IN_FLIGHT = 30;
/** Far below the confirm's deadline: whoever waits is told as soon as the connection is gone. */
const TOLD_WITHIN_MS = 1_500;
const CONFIRM_DEADLINE_MS = 3_000;
let detour: Detour | undefined;

/** One gateway loses its connection with requests in flight, over and over; the other notices nothing. */
export const connectionCut: Fault = {
  id: 'F6',
  title: 'AMQP connection cut',
  how: 'reset by a TCP proxy',
  async prepare(context) {
    const names = context.stack.ofRole('gateway').map((p) => p.name);
    detour = await reroute(context, names, 'rabbitmq');
  },
  async run({ stack, components, load, injected, healed, hold, expect, note }) {
    const [one, other] = stack.ofRole('gateway').map((p) => p.name);
    if (one === undefined || other === undefined || !detour) throw new Error('the stack has two gateways');
    for (let time = 1; time <= TIMES; time++) {
      injected();
      const proxy = detour.of(one);
      await Promise.all(Array.from({ length: IN_FLIGHT }, () => load.sendTo(stack.urlOf(one))));
      // Nothing comes back from the broker from here on, and nobody else sends: these are all that wait.
      const inFlight = await load.paused(async () => {
        proxy.silence();
        await hold(20);
        const sent = Array.from({ length: IN_FLIGHT }, () => load.sendTo(stack.urlOf(one), 'PUT'));
        await eventually(
          'they wait for their confirms',
          async () => {
            const waiting = await components.metric(one, 'publish_unconfirmed');
            return waiting >= IN_FLIGHT || notYet({ waiting });
          },
          { everyMs: 20, deadlineMs: CONFIRM_DEADLINE_MS },
        );
        return { answers: sent };
      });
      const cutAt = Date.now();
      await proxy.pass();
      proxy.reset();
      healed();
      const besides = Array.from({ length: IN_FLIGHT }, () => load.sendTo(stack.urlOf(other)));
      const cut = await Promise.all(inFlight.answers);
      const untouched = await Promise.all(besides);
      note(`in flight at cut ${time}: ${summary(cut)}`);
      expect(
        byAnswer(cut).unknown.length > 0 && cut.every(({ answer }) => answer.kind !== 'refused'),
        `what was in flight was answered 504 (${summary(cut)})`,
      );
      const told = Math.max(...cut.map((r) => r.t1 - cutAt));
      expect(told <= TOLD_WITHIN_MS, `as soon as the connection was gone (the latest after ${told} ms)`);
      expect(
        byAnswer(untouched).accepted.length === IN_FLIGHT,
        `the other gateway went on (${summary(untouched)})`,
      );
      const downtime = await eventually(
        `${one} accepts again`,
        async () => {
          const { answer } = await load.sendTo(stack.urlOf(one));
          return answer.kind === 'accepted' ? Date.now() - cutAt : notYet(answer);
        },
        { deadlineMs: 10_000 },
      );
      note(`${one} accepted again after ${downtime} ms`);
      const next = await Promise.all(Array.from({ length: IN_FLIGHT }, () => load.sendTo(stack.urlOf(one))));
      expect(byAnswer(next).accepted.length === IN_FLIGHT, `afterwards all is accepted (${summary(next)})`);
      const again = await Promise.all(cut.map((r) => load.repeat(r)));
      expect(
        byAnswer(again).accepted.length === IN_FLIGHT,
        `repeated under the same id all were accepted (${summary(again)})`,
      );
    }
  },
  async cleanUp() {
    await detour?.end();
    detour = undefined;
  },
};
