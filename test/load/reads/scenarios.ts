import { measure, orderOf, type Bench, type Block, type Scenario } from '../bench.js';
import type { LoadOrder, LoadResult } from '../client/order.js';
import { startWorker, type Worker } from '../servers/worker.js';
import type { RivalSetup } from '../servers/rivals.js';
import { pageScript } from './page-script.js';
import { pgbench } from './pgbench.js';
import { findTargets, type Targets } from './targets.js';

export const READ_SCENARIOS = [
  ...(['bare', 'cached', 'unchanged', 'token', 'replica', 'post'] as const),
  ...(['latency', 'pgbench', 'typeorm', 'offset', 'unindexed'] as const),
] as const;
export type ReadScenarioName = (typeof READ_SCENARIOS)[number];

/** Part of the peak at which latencies are compared. */
const PART = 0.6;
const PGBENCH_CLIENTS = 10;
/** Code that is not compiled yet costs many times as much. */
const WARM_UP_MS = 4_000;
/** As far as somebody scrolls. */
const OFFSET = 1000;

interface Shared {
  targets: Targets | undefined;
  /** What the replica scenario reached, in requests a second. */
  peak: number;
}

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
    pgbench: () => sameSql(shared),
    typeorm: () => rivals.scenario('typeorm', "the page by TypeORM's own replication, without a token"),
    offset: () => rivals.scenario('offset', `a page at offset ${OFFSET}`),
    unindexed: () => rivals.scenario('unindexed', 'a filter without an index'),
  };
  return READ_SCENARIOS.filter((name) => names.includes(name)).map((name) => make[name]());
}

async function targetsOf(bench: Bench, shared: Shared): Promise<Targets> {
  return (shared.targets ??= await findTargets(bench));
}

const get = (bench: Bench, url: string, changes: Partial<LoadOrder>): LoadOrder =>
  orderOf(bench, url, { method: 'GET', bodies: [], ...changes });

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
  title: `the same page from a replica, at ${PART * 100} % of its peak`,
  async block(bench) {
    const { reader, uncached } = await targetsOf(bench, shared);
    const rate = await rateOf(bench, shared);
    return measure(bench, { send: () => bench.client.run(get(bench, reader, { path: uncached, rate })) });
  },
});

/** The same transaction at the same rate, through the same pooler, by a program written in C. */
const sameSql = (shared: Shared): Scenario => ({
  name: 'pgbench',
  title: 'the same SQL in pgbench, at the same rate',
  async block(bench) {
    const { replicaUrl, tenant } = await targetsOf(bench, shared);
    const rate = await rateOf(bench, shared);
    const seconds = Math.max(1, Math.round(bench.blockMs / 1000));
    const script = pageScript(tenant);
    return measure(bench, {
      async send() {
        const order = { url: replicaUrl, script, rate, seconds, clients: PGBENCH_CLIENTS };
        return resultOf(await pgbench(order), seconds);
      },
    });
  },
});

const resultOf = (accepted: LoadResult['accepted'], seconds: number): LoadResult => {
  const none = { count: 0, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN, max: Number.NaN };
  const counts = { due: accepted.count, unsent: 0, acceptedInTime: accepted.count };
  return {
    elapsedMs: seconds * 1000,
    ...counts,
    statuses: {},
    accepted,
    refused: none,
    refusedService: none,
  };
};

async function rateOf(bench: Bench, shared: Shared): Promise<number> {
  if (shared.peak === 0) await replica(shared).block(bench);
  return shared.peak * PART;
}

/** One server for all of them, started when it is first needed. */
class Rivals {
  private worker: Worker | undefined;
  private url = '';

  scenario(path: 'typeorm' | 'offset' | 'unindexed', title: string): Scenario {
    const send = (bench: Bench, durationMs = bench.blockMs): Promise<LoadResult> =>
      bench.client.run(get(bench, this.url, { path: `/${path}`, durationMs }));
    return {
      name: path,
      title,
      prepare: async (bench) => {
        if (!this.worker) await this.start(bench);
        await send(bench, 1_000);
      },
      block: (bench): Promise<Block> =>
        measure(bench, { send: () => send(bench), server: this.worker?.pid ?? 0 }),
      cleanUp: () => {
        this.worker?.stop();
        this.worker = undefined;
      },
    };
  }

  private async start(bench: Bench): Promise<void> {
    this.worker = startWorker('servers/rivals.js');
    const tenants = (await findTargets(bench)).tenant;
    const setup: RivalSetup = {
      primary: bench.stack.urlOf('postgres-primary'),
      replica: bench.stack.urlOf('postgres-replica-1'),
      tenants: [tenants],
      offset: OFFSET,
    };
    this.url = await this.worker.ask<string>(setup);
  }
}
