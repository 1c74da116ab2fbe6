import { measure, type Bench, type Block, type Scenario } from '../bench.js';
import type { LoadResult } from '../client/order.js';
import { heldPage, pageScript, unheldPage } from './page-script.js';
import { pgbench, type PgbenchOrder } from './pgbench.js';
import { targetsOf, type Shared } from './shared.js';

const CLIENTS = 10;

/** The same transaction at the same rate, through the same pooler, by a program written in C. */
export const sameSql = (shared: Shared, rateOf: (bench: Bench) => Promise<number>): Scenario => ({
  name: 'pgbench',
  title: 'the same SQL in pgbench, at the same rate',
  async block(bench) {
    const { replicaUrl, tenant } = await targetsOf(bench, shared);
    const rate = await rateOf(bench);
    return measured(bench, { url: replicaUrl, script: pageScript(tenant), rate });
  },
});

/** The page on the replica itself as the reader reads it, held to its tenant. */
export const held = (shared: Shared): Scenario =>
  onReplica(
    'held',
    'the SQL in pgbench, as fast as it is answered, held by row-level security',
    shared,
    heldPage,
  );

/** The same without. */
export const unheld = (shared: Shared): Scenario =>
  onReplica('unheld', 'the same by a superuser, whom no policy holds', shared, unheldPage);

const onReplica = (
  name: string,
  title: string,
  shared: Shared,
  scriptOf: (tenant: string) => string,
): Scenario => ({
  name,
  title,
  async block(bench) {
    const { tenant } = await targetsOf(bench, shared);
    const url = new URL(bench.stack.urlOf('postgres-replica-1'));
    url.pathname = '/spillway';
    return measured(bench, { url: url.href, script: scriptOf(tenant), rate: null });
  },
});

function measured(bench: Bench, order: Pick<PgbenchOrder, 'url' | 'script' | 'rate'>): Promise<Block> {
  const seconds = Math.max(1, Math.round(bench.blockMs / 1000));
  return measure(bench, {
    send: async () => resultOf(await pgbench({ ...order, seconds, clients: CLIENTS }), seconds),
  });
}

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
