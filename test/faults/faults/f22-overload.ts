import { uniformDraft } from '../content.js';
import { byAnswer, percentile, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import type { RequestRecord } from '../history.js';
import { Load } from '../load.js';
import { Random } from '../random.js';
import { reroute, type Detour } from '../reroute.js';

/** So little that the way to the broker is full before this machine is. */
const BYTES_PER_SECOND = 12_000;
const STEP_MS = 4_000;
/** For the limit to find its place, and for what was sent at the former rate to be answered. */
const SETTLE_MS = 6_000;
const MEASURE_MS = 8_000;
const CLIMB = 1.3;
const STEPS_MAX = 12;
const GOODPUT = 0.9;
const REFUSED_WITHIN_MS = 20;
/** Of the accepted, from the first narrow moment on, also while the limit finds its place. */
const LATE_SHARE = 0.01;
let detour: Detour | undefined;
let running: Load | undefined;

/** Several times as many posts as the way to the broker can carry: as many as at the peak are accepted. */
export const overload: Fault = {
  id: 'F22',
  title: 'overload 2×, 4×, 10×',
  how: 'open-loop load over links of 12 kB/s',
  recoverWithinMs: 15_000,
  async prepare(context) {
    const names = context.stack.ofRole('gateway').map((p) => p.name);
    detour = await reroute(context, names, 'rabbitmq');
  },
  async run(context) {
    const { stack, run, history, callers, seed, load, injected, healed, hold, expect, note } = context;
    if (!detour) throw new Error('there is no proxy');
    const formerRate = load.rate;
    const usual = byAnswer(history.requests).accepted;
    load.rate = 1;
    const flood = (running = new Load({
      ...{ baseUrl: stack.baseUrl, run: `${run}-flood`, rate: 10, callers, history, repeats: false },
      draft: uniformDraft,
      random: new Random(seed + 22),
    }));
    flood.start();
    injected();
    const narrowSince = Date.now();
    for (const proxy of detour.all) proxy.bandwidth(BYTES_PER_SECOND);
    const peak = await climb(context, flood);
    note(`the peak behind the narrow links: ${peak.toFixed(0)} posts/s`);
    for (const times of [2, 4, 10]) {
      flood.rate = peak * times;
      await hold(SETTLE_MS);
      await measure(context, times, peak, usual);
    }
    await flood.stop();
    const { accepted, unknown } = byAnswer(history.sentBetween(narrowSince, Date.now()));
    note(`all along ${accepted.length} accepted, ${unknown.length} answered 504`);
    expect(
      unknown.length <= accepted.length * LATE_SHARE,
      `next to none ran into its deadline, also between the steps (${unknown.length} of ${accepted.length})`,
    );
    load.rate = formerRate;
    for (const proxy of detour.all) await proxy.pass();
    healed();
  },
  async cleanUp() {
    await running?.stop();
    running = undefined;
    await detour?.end();
    detour = undefined;
  },
};

/** The greatest rate of accepted posts, approached from below: the last step asks for more than is carried. */
async function climb({ history, hold, note }: FaultContext, flood: Load): Promise<number> {
  let peak = 0;
  for (let step = 0; step < STEPS_MAX; step++, flood.rate *= CLIMB) {
    const from = Date.now();
    await hold(STEP_MS);
    const accepted = history.acceptedRate(from, Date.now());
    note(`at ${flood.rate.toFixed(0)} posts/s ${accepted.toFixed(0)} are accepted`);
    peak = Math.max(peak, accepted);
    if (accepted < flood.rate * 0.8) return peak;
  }
  throw new Error('the links carried everything: the machine would be full before them');
}

async function measure(
  context: FaultContext,
  times: number,
  peak: number,
  usual: readonly RequestRecord[],
): Promise<void> {
  const { history, hold, expect, note } = context;
  const from = Date.now();
  await hold(MEASURE_MS);
  const to = Date.now();
  const inTime = history.requests.filter((r) => r.t1 >= from && r.t1 < to);
  const { accepted, refused, unknown } = byAnswer(inTime);
  const goodput = (accepted.length * 1000) / (to - from) / peak;
  const [median, p99] = [percentile(refused, 0.5), percentile(refused, 0.99)];
  note(
    `${times}×: goodput ${goodput.toFixed(2)} of the peak, accepted p99 ${percentile(accepted, 0.99)} ms, refused p50 ${median} p99 ${p99} ms; ${summary(inTime)}`,
  );
  expect(
    goodput >= GOODPUT,
    `${times}×: at least ${GOODPUT} of the peak was accepted (${goodput.toFixed(2)})`,
  );
  expect(refused.length > 0, `${times}×: what was too much was refused`);
  expect(
    median < REFUSED_WITHIN_MS,
    `${times}×: in less than ${REFUSED_WITHIN_MS} ms at the median (${median} ms; accepted before ${percentile(usual, 0.5)} ms)`,
  );
  expect(
    refused.every(({ answer }) => answer.kind === 'refused' && answer.retryAfter !== undefined),
    `${times}×: always with Retry-After`,
  );
  expect(unknown.length === 0, `${times}×: none ran into its deadline (${unknown.length} did)`);
}
