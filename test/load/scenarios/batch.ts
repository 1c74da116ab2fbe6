import { gatewayUrl, measure, orderOf, type Bench, type Block, type Scenario } from '../bench.js';

const POSTS = 200;
const CONNECTIONS = 8;

/** Many posts in a request. What was accepted is what the gateway itself counted: an item may be refused alone. */
export const batch = (): Scenario => ({
  name: 'batch',
  title: `POST /v1/posts/batch with ${POSTS} posts in a request`,
  async block(bench) {
    const before = await bench.counters.accepted();
    const order = orderOf(bench, gatewayUrl(bench), {
      path: '/v1/posts/batch',
      bodies: listsOf(bench),
      connections: CONNECTIONS,
    });
    const block = await measure(bench, { send: () => bench.client.run(order) });
    const accepted = (await bench.counters.accepted()) - before;
    return inPosts(block, accepted);
  },
});

const listsOf = ({ bodies }: Bench): readonly string[] =>
  bodies
    .slice(0, 8)
    .map(
      (_, first) =>
        `[${Array.from({ length: POSTS }, (__, n) => bodies[(first + n) % bodies.length]).join(',')}]`,
    );

const inPosts = (block: Block, accepted: number): Block => ({
  ...block,
  accepted,
  acceptedPerSecond: (accepted * 1000) / (block.load?.elapsedMs ?? Number.NaN),
});
