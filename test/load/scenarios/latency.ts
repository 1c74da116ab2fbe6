import { gatewayUrl, measure, orderOf, type Bench, type Scenario } from '../bench.js';
import type { LoadResult } from '../client/order.js';
import type { ProbeOrder } from '../servers/probe-order.js';
import { startWorker, type Worker } from '../servers/worker.js';
import type { Sustained } from '../sustained.js';

/** Part of the peak at which latencies are compared. */
const PART = 0.55;
/** What an envelope adds to the body of a request. */
const ENVELOPE_BYTES = 330;

const rateOf = async (sustained: Sustained, bench: Bench): Promise<number> =>
  (await sustained.rate(bench)) * PART;

/** How long a 202 takes while the system is not pressed. */
export const latency = (sustained: Sustained): Scenario => ({
  name: 'latency',
  title: 'accept at 55 % of the sustained rate',
  async block(bench) {
    const rate = await rateOf(sustained, bench);
    const order = orderOf(bench, gatewayUrl(bench), { rate });
    return measure(bench, { send: () => bench.client.run(order), untilDrained: true });
  },
});

/** How long the broker's own confirm takes at the same rate. */
export function confirm(sustained: Sustained): Scenario {
  let probe: Worker | undefined;
  return {
    name: 'confirm',
    title: 'the broker alone: confirms of messages of the same size at the same rate',
    async block(bench) {
      probe ??= startWorker('servers/confirm-probe.js');
      const worker = probe;
      const order: ProbeOrder = {
        url: bench.stack.urlOf('rabbitmq'),
        bytes: Buffer.byteLength(bench.bodies[0] ?? '') + ENVELOPE_BYTES,
        rate: await rateOf(sustained, bench),
        durationMs: bench.blockMs,
      };
      return measure(bench, {
        send: () => worker.ask<LoadResult>(order),
        server: worker.pid,
      });
    },
    cleanUp: () => probe?.stop(),
  };
}
