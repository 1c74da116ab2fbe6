import { measure, type Bench, type Scenario } from '../bench.js';
import type { LoadOrder, LoadResult } from '../client/order.js';
import { startWorker, type Worker } from '../servers/worker.js';
import { held, sameSql, unheld } from './plain-sql.js';
import { OFFSET, Rivals } from './rivals.js';
import { get, LATENCY_SHARE, targetsOf, type Shared } from './shared.js';
import type { Targets } from './targets.js';

export const READ_SCENARIOS = [
  ...(['bare', 'cached', 'unchanged', 'token', 'replica', 'post'] as const),
  ...(['latency', 'pgbench', 'held', 'unheld', 'typeorm', 'offset', 'unindexed'] as const),
] as const;
export type ReadScenarioName = (typeof READ_SCENARIOS)[number];

/** Code that is not compiled yet costs many times as much. */
const WARM_UP_MS = 4_000;

export function makeReadScenarios(names: readonly ReadScenarioName[]): readonly Scenario[] {
  const shared: Shared = { targets: undefined, peak: 0 };
  const rivals = new Rivals();
  const make: Record<ReadScenarioName, () => Scenario> = {
    bare: () => bare(shared),
    cached: () => plain('cached', 'the first page, from the cache', shared, (t) => ({ path: t.cached })),
    unchanged: () =>
      plain('unchanged', 'the same with If-None-Match: 304', shared, (t) => ({
        path: t.cached,
        tokens: t.tokens,
        headers: { 'if-none-match': t.page.headers['etag'] ?? '' },
      })),
    token: () =>
      plain('token', 'the same with a Consistency-Token', shared, (t) => ({
        path: t.cached,
        headers: { 'consistency-token': t.consistencyToken },
      })),
    replica: () => replica(shared),
    post: () =>
      plain('post', 'one post by its id, from a replica', shared, (t) => ({
        path: t.post,
        tokens: t.tokens,
      })),
    latency: () => latency(shared),
    pgbench: () => sameSql(shared, (bench) => rateOf(bench, shared)),
    held: () => held(shared),
    unheld: () => unheld(shared),
    typeorm: () => rivals.scenario('typeorm', "the page by TypeORM's own replication, without a token"),
    offset: () => rivals.scenario('offset', `a page at offset ${OFFSET}`),
    unindexed: () => rivals.scenario('unindexed', 'a filter without an index'),
  };
  return READ_SCENARIOS.filter((name) => names.includes(name)).map((name) => make[name]());
}

function plain(
  name: string,
  title: string,
  shared: Shared,
  changes: (targets: Targets) => Partial<LoadOrder>,
): Scenario {
  const send = async (bench: Bench, more: Partial<LoadOrder> = {}): Promise<LoadResult> => {
    const targets = await targetsOf(bench, shared);
    return bench.client.run(get(bench, targets.reader, { ...changes(targets), ...more }));
  };
  return {
    name,
    title,
    prepare: async (bench) => void (await send(bench, { durationMs: WARM_UP_MS })),
    block: (bench) => measure(bench, { send: () => send(bench) }),
  };
}

/** The unit F of reads. */
function bare(shared: Shared): Scenario {
  let server: Worker | undefined;
  let url = '';
  const send = (bench: Bench): Promise<LoadResult> =>
    bench.client.run(get(bench, url, { path: '/v1/posts' }));
  return {
    name: 'bare',
    title: 'Fastify alone: answers the same bytes from memory',
    async prepare(bench) {
      const { page } = await targetsOf(bench, shared);
      server = startWorker('servers/bare-read.js');
      url = await server.ask<string>({ body: page.body, headers: page.headers });
      await send(bench);
    },
    block: (bench) => measure(bench, { send: () => send(bench), server: server?.pid ?? 0 }),
    cleanUp: () => server?.stop(),
  };
}

function replica(shared: Shared): Scenario {
  const scenario = plain('replica', 'the same page from a replica', shared, (t) => ({ path: t.uncached }));
  return {
    ...scenario,
    async block(bench) {
      const block = await scenario.block(bench);
      shared.peak = Math.max(shared.peak, block.acceptedPerSecond);
      return block;
    },
  };
}

const latency = (shared: Shared): Scenario => ({
  name: 'latency',
  title: `the same page from a replica, at ${LATENCY_SHARE * 100} % of its peak`,
  async block(bench) {
    const { reader, uncached } = await targetsOf(bench, shared);
    const rate = await rateOf(bench, shared);
    return measure(bench, { send: () => bench.client.run(get(bench, reader, { path: uncached, rate })) });
  },
});

async function rateOf(bench: Bench, shared: Shared): Promise<number> {
  if (shared.peak === 0) await replica(shared).block(bench);
  return shared.peak * LATENCY_SHARE;
}
