import { byAnswer, percentile, quick, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';

const HANG_MS = 20_000;
const CONFIRM_DEADLINE_MS = 3_000;
const SLACK_MS = 1_500;
/** From here on the gate must have drawn its conclusion from confirms that did not come. */
const GATE_AFTER_MS = 2 * CONFIRM_DEADLINE_MS + SLACK_MS;

let acceptedBefore = 0;
let toldBefore = 0;

/** A black hole: connections stand, nothing is answered. What was sent is stored when it goes on. */
export const brokerHangs: Fault = {
  id: 'F5',
  title: 'broker hangs 20 s',
  how: 'SIGSTOP',
  recoverWithinMs: 30_000,
  async run(context) {
    const { components, history, injected, healed, hold, expect, note } = context;
    const usual = byAnswer(history.requests).accepted;
    acceptedBefore = await confirmed(context);
    toldBefore = told(context);
    injected();
    const stoppedAt = Date.now();
    components.signal('rabbitmq', 'SIGSTOP');
    await hold(HANG_MS);
    components.signal('rabbitmq', 'SIGCONT');
    healed();
    const wokenAt = Date.now();
    await components.allReady();
    const early = history.sentBetween(stoppedAt + 100, stoppedAt + 1_000);
    const timedOut = byAnswer(early).unknown;
    expect(
      early.length > 0 && timedOut.length === early.length,
      `what it could not confirm was answered 504 (${summary(early)})`,
    );
    expect(
      percentile(early, 1) <= CONFIRM_DEADLINE_MS + SLACK_MS,
      `at the deadline (the latest after ${percentile(early, 1)} ms)`,
    );
    const later = history.sentBetween(stoppedAt + GATE_AFTER_MS, wokenAt - CONFIRM_DEADLINE_MS - 500);
    const refused = byAnswer(later).refused;
    note(`after ${GATE_AFTER_MS / 1000} s of it: ${summary(later)}`);
    expect(
      refused.length >= later.length * 0.9,
      `then nearly all were refused with 503 by the gate (${refused.length} of ${later.length})`,
    );
    expect(quick(refused, 0.5, 100, usual), `at once (median ${percentile(refused, 0.5)} ms)`);
  },
  async after(context) {
    const { expect, note } = context;
    const late = (await confirmed(context)) - acceptedBefore - (told(context) - toldBefore);
    note(`${late} confirms came after their deadline and were counted`);
    expect(late > 0, `late confirms are counted (${late} were)`);
  },
  cleanUp({ components }) {
    if (components.runs('rabbitmq')) components.signal('rabbitmq', 'SIGCONT');
    return Promise.resolve();
  },
};

/** What the gateways have counted as confirmed, told or not. */
async function confirmed({ stack, components }: FaultContext): Promise<number> {
  const names = stack.ofRole('gateway').map((p) => p.name);
  const counts = await Promise.all(names.map((name) => components.metric(name, 'posts_accepted_total')));
  return counts.reduce((sum, n) => sum + n, 0);
}

const told = ({ history }: FaultContext): number =>
  history.requests.filter(({ answer }) => answer.kind === 'accepted').length;
