import { gatewayUrl, measure, orderOf, type Scenario } from '../bench.js';
import type { Sustained } from '../sustained.js';

/** The whole way of a post, at a rate at which the backlog stays bounded. */
export const whole = (sustained: Sustained): Scenario => ({
  name: 'whole',
  title: 'accept to commit at 90 % of the greatest rate whose backlog stays bounded',
  async block(bench) {
    const rate = (await sustained.rate(bench)) * 0.9;
    const order = orderOf(bench, gatewayUrl(bench), { rate });
    return measure(bench, { send: () => bench.client.run(order), untilDrained: true });
  },
});
