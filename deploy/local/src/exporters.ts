import { join } from 'node:path';
import { watching } from './as-user.js';
import { type Component, TIER } from './component.js';
import { REPO } from './layout.js';
import { pooledUrl, poolerName } from './pgbouncer.js';
import { numbers, type Plan } from './plan.js';
import { nodeName } from './postgres.js';

/** Go programs that answer a scrape every ten seconds need neither many threads nor much memory. */
const SMALL = { GOMAXPROCS: '1', GOMEMLIMIT: '32MiB' };
/** What the dashboards look at; the rest of some fifty collectors stays off. */
const NODE_COLLECTORS = [
  'cpu',
  'diskstats',
  'filesystem',
  'loadavg',
  'meminfo',
  'netdev',
  'pressure',
  'stat',
];

const nodes = (plan: Plan): number[] => numbers(plan.counts.replicas + 1, 0);

/** What turns the statistics of Postgres, PgBouncer, Redis and this machine into metrics. */
export const exporterComponents = (plan: Plan): Component[] => [
  ...nodes(plan).map((n) => postgresExporter(plan, n)),
  pgbouncerExporter(plan),
  redisExporter(plan),
  nodeExporter(plan),
];

/** One for each node, past PgBouncer: it keeps a single connection of the role `monitor`. */
const postgresExporter = (plan: Plan, n: number): Component => ({
  ...exporter(`exporter-${nodeName(n)}`, plan.ports.postgresMetrics(n)),
  argv: watching([
    'prometheus-postgres-exporter',
    `--web.listen-address=127.0.0.1:${plan.ports.postgresMetrics(n)}`,
    '--disable-settings-metrics',
    `--extend.query-path=${join(REPO, 'deploy/observability/postgres-queries.yml')}`,
    '--log.level=warn',
  ]),
  environment: {
    ...SMALL,
    DATA_SOURCE_URI: `127.0.0.1:${plan.ports.postgres(n)}/spillway?sslmode=disable&connect_timeout=2`,
    DATA_SOURCE_USER: 'monitor',
    DATA_SOURCE_PASS: plan.secrets.passwords.monitor,
  },
});

const pgbouncerExporter = (plan: Plan): Component => ({
  ...exporter('exporter-pgbouncer', plan.ports.pgbouncerMetrics),
  argv: watching([
    plan.layout.node,
    '--max-old-space-size=32',
    join(REPO, 'deploy/local/dist/pgbouncer-exporter.js'),
  ]),
  environment: {
    EXPORTER_PORT: String(plan.ports.pgbouncerMetrics),
    POOLERS: nodes(plan)
      .map((n) => `${poolerName(n)}=${pooledUrl(plan, n, 'monitor')}`)
      .join('|'),
  },
});

/** One for all nodes: Prometheus names the node it means in each scrape. */
const redisExporter = (plan: Plan): Component => ({
  ...exporter('exporter-redis', plan.ports.redisMetrics),
  argv: watching([
    'prometheus-redis-exporter',
    '-web.listen-address',
    `127.0.0.1:${plan.ports.redisMetrics}`,
    '-connection-timeout',
    '2s',
  ]),
  environment: {
    ...SMALL,
    REDIS_ADDR: '',
    REDIS_PASSWORD: plan.secrets.passwords.redis,
  },
});

const nodeExporter = (plan: Plan): Component => ({
  ...exporter('exporter-node', plan.ports.nodeMetrics),
  argv: watching([
    'prometheus-node-exporter',
    `--web.listen-address=127.0.0.1:${plan.ports.nodeMetrics}`,
    '--collector.disable-defaults',
    ...NODE_COLLECTORS.map((name) => `--collector.${name}`),
    '--log.level=warn',
  ]),
  environment: SMALL,
});

const exporter = (name: string, port: number) => ({
  name,
  role: 'exporter' as const,
  tier: TIER.broker,
  port,
  url: `http://127.0.0.1:${port}/metrics`,
  stopWaitSeconds: 5,
});
