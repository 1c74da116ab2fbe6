import { gatewayUrl, measure, orderOf, type Scenario } from '../bench.js';
import type { Sustained } from '../sustained.js';

/** Connections of a crowd: enough that the schedule is kept while answers take long. */
const CROWD = 2_048;

/** Several times as many posts as the gateway can take, sent on schedule whatever is answered. */
export const overload = (times: number, sustained: Sustained): Scenario => ({
  name: `overload${times}`,
  title: `${times} times the peak, open loop`,
  async block(bench) {
    const rate = (await sustained.peak(bench)) * times;
    const order = orderOf(bench, gatewayUrl(bench), { rate, connections: CROWD });
    return measure(bench, { send: () => bench.client.run(order) });
  },
});
