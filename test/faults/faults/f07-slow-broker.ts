import { byAnswer, percentile, quick, summary } from '../durations.js';
import type { Fault } from '../fault.js';
import { reroute, type Detour } from '../reroute.js';

const EACH_WAY_MS = 500;
const SLOW_FOR_MS = 8_000;
/** The gateway's own limit for this fault: 40 in a round trip of a second is less than the load. */
const UNCONFIRMED_MAX = 20;
let detour: Detour | undefined;

/** Confirms take a second. What the gate lets in is answered in its time, the rest is refused at once. */
export const slowBroker: Fault = {
  id: 'F7',
  title: 'slow broker',
  how: 'proxy +500 ms',
  async prepare(context) {
    const names = context.stack.ofRole('gateway').map((p) => p.name);
    detour = await reroute(context, names, 'rabbitmq', { PUBLISH_MAX_UNCONFIRMED: String(UNCONFIRMED_MAX) });
  },
  async run({ history, injected, healed, hold, expect, note }) {
    if (!detour) throw new Error('there is no proxy');
    const usual = byAnswer(history.requests).accepted;
    injected();
    for (const proxy of detour.all) proxy.latency(EACH_WAY_MS, EACH_WAY_MS);
    const from = Date.now() + 2 * EACH_WAY_MS;
    await hold(SLOW_FOR_MS);
    const to = Date.now();
    await Promise.all(detour.all.map((proxy) => proxy.pass()));
    healed();
    const meanwhile = history.sentBetween(from, to - 2_000);
    const { accepted, refused, unknown } = byAnswer(meanwhile);
    const p99 = percentile(accepted, 0.99);
    note(
      `${summary(meanwhile)}; accepted p99 ${p99} ms, refused p50 ${percentile(refused, 0.5)} p95 ${percentile(refused, 0.95)} ms`,
    );
    expect(accepted.length > 0, 'some were accepted');
    expect(refused.length > 0, 'what was too much was refused');
    expect(unknown.length === 0, `and none ran into its deadline (${unknown.length} did)`);
    expect(
      quick(refused, 0.5, 20, usual),
      `in less than 20 ms (median ${percentile(refused, 0.5)} ms, accepted before ${percentile(usual, 0.5)} ms)`,
    );
    expect(p99 < 2 * EACH_WAY_MS + 2_000, `p99 of the accepted stayed bounded (${p99} ms)`);
  },
  async cleanUp() {
    await detour?.end();
    detour = undefined;
  },
};
