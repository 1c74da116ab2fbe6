import { measure, orderOf, type Scenario } from '../bench.js';

/** The same as `gateway`, but as clients reach it. */
export const edge = (): Scenario => ({
  name: 'edge',
  title: 'one gateway behind the edge, as fast as it answers',
  block: (bench) => measure(bench, { send: () => bench.client.run(orderOf(bench, bench.stack.baseUrl)) }),
});
