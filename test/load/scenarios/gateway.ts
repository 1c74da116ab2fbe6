import { gatewayUrl, measure, orderOf, type Scenario } from '../bench.js';
import type { Sustained } from '../sustained.js';

/** As many posts as one gateway takes: as bare Fastify is loaded, so that the two compare. */
export const gateway = (sustained: Sustained): Scenario => ({
  name: 'gateway',
  title: 'one gateway, as fast as it answers; writers work meanwhile',
  async block(bench) {
    const block = await measure(bench, { send: () => bench.client.run(orderOf(bench, gatewayUrl(bench))) });
    sustained.sawPeak(block.acceptedPerSecond);
    return block;
  },
});
