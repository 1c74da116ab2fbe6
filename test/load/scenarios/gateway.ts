import { gatewayUrl, measure, orderOf, type Scenario } from '../bench.js';

/** As many posts as one gateway takes: as bare Fastify is loaded, so that the two compare. */
export const gateway = (): Scenario => ({
  name: 'gateway',
  title: 'one gateway, as fast as it answers; writers work meanwhile',
  block: (bench) => measure(bench, { send: () => bench.client.run(orderOf(bench, gatewayUrl(bench))) }),
});
