import { createServer } from 'node:net';
import { portHolder } from './port-holder.js';

const LOOPBACK = '127.0.0.1';
const FIRST_OFFSET = 5_000;
const OFFSET_STEP = 500;
const LAST_OFFSET = 38_000;

export interface Counts {
  readonly gateways: number;
  readonly writers: number;
  readonly readers: number;
  readonly replicas: number;
  /** Masters of a Redis Cluster; without it there is one Redis. */
  readonly redisNodes?: number;
}

/** Every port of one stack: the default table, moved by one offset. */
export interface Ports {
  readonly edge: number;
  readonly amqp: number;
  readonly management: number;
  readonly rabbitmqMetrics: number;
  readonly erlang: number;
  readonly epmd: number;
  /** 0 is the single Redis, n the n-th node of a cluster. */
  readonly redis: (n: number) => number;
  /** Where the nodes of a cluster talk to one another. */
  readonly redisBus: (n: number) => number;
  readonly otlp: number;
  readonly traceUi: number;
  readonly prometheus: number;
  readonly pgbouncerMetrics: number;
  readonly redisMetrics: number;
  readonly nodeMetrics: number;
  /** 0 is the primary, n the n-th replica. */
  readonly postgres: (n: number) => number;
  readonly pgbouncer: (n: number) => number;
  readonly postgresMetrics: (n: number) => number;
  readonly http: (app: 'gateway' | 'reader', n: number) => number;
  readonly admin: (app: 'gateway' | 'writer' | 'reader', n: number) => number;
}

/** @param edge the public port when it is chosen by hand; the offset does not move it then. */
export function portsFor(offset: number, edge?: number): Ports {
  return {
    edge: edge ?? 3000 + offset,
    amqp: 5673 + offset,
    management: 15_673 + offset,
    rabbitmqMetrics: 15_693 + offset,
    erlang: 25_673 + offset,
    epmd: 4370 + offset,
    redis: (n) => 6389 + offset + n,
    redisBus: (n) => 16_389 + offset + n,
    otlp: 4318 + offset,
    traceUi: 8081 + offset,
    prometheus: 9490 + offset,
    pgbouncerMetrics: 9411 + offset,
    redisMetrics: 9412 + offset,
    nodeMetrics: 9413 + offset,
    postgres: (n) => 5442 + offset + n,
    pgbouncer: (n) => 6442 + offset + n,
    postgresMetrics: (n) => 9400 + offset + n,
    http: (app, n) => ({ gateway: 3100, reader: 3200 })[app] + offset + n,
    admin: (app, n) => ({ gateway: 9100, writer: 9200, reader: 9300 })[app] + offset + n,
  };
}

/** Port → what this stack wants it for. */
export function portTable(ports: Ports, counts: Counts): ReadonlyMap<number, string> {
  const each = (n: number, one: (i: number) => [number, string][]): [number, string][] =>
    Array.from({ length: n }, (_, i) => one(i + 1)).flat();
  return new Map<number, string>([
    [ports.edge, 'edge'],
    [ports.amqp, 'RabbitMQ'],
    [ports.management, 'RabbitMQ management'],
    [ports.rabbitmqMetrics, 'RabbitMQ metrics'],
    [ports.erlang, 'Erlang distribution'],
    [ports.epmd, 'epmd'],
    ...(counts.redisNodes
      ? each(counts.redisNodes, (i) => [
          [ports.redis(i), `redis-${i}`],
          [ports.redisBus(i), `cluster bus of redis-${i}`],
        ])
      : [[ports.redis(0), 'Redis'] as const]),
    [ports.otlp, 'OTLP receiver'],
    [ports.traceUi, 'trace viewer'],
    [ports.prometheus, 'Prometheus'],
    [ports.pgbouncerMetrics, 'metrics of PgBouncer'],
    [ports.redisMetrics, 'metrics of Redis'],
    [ports.nodeMetrics, 'metrics of this machine'],
    ...each(counts.replicas + 1, (i) => [
      [ports.postgres(i - 1), i === 1 ? 'Postgres primary' : `Postgres replica-${i - 1}`],
      [ports.pgbouncer(i - 1), i === 1 ? 'PgBouncer of the primary' : `PgBouncer of replica-${i - 1}`],
      [ports.postgresMetrics(i - 1), `metrics of Postgres ${i === 1 ? 'primary' : `replica-${i - 1}`}`],
    ]),
    ...each(counts.gateways, (i) => [
      [ports.http('gateway', i), `gateway-${i}`],
      [ports.admin('gateway', i), `admin port of gateway-${i}`],
    ]),
    ...each(counts.writers, (i) => [[ports.admin('writer', i), `admin port of writer-${i}`]]),
    ...each(counts.readers, (i) => [
      [ports.http('reader', i), `reader-${i}`],
      [ports.admin('reader', i), `admin port of reader-${i}`],
    ]),
  ]);
}

/** One line for each port that somebody else holds; empty when all are free. */
export async function busyPorts(table: ReadonlyMap<number, string>): Promise<string[]> {
  const lines: string[] = [];
  for (const [port, purpose] of table) {
    if (await isFree(port)) continue;
    lines.push(`port ${port} (${purpose}) is held by ${portHolder(port)}`);
  }
  return lines;
}

/** @throws Error when no offset leaves every port free. */
export async function freeOffset(counts: Counts, edge?: number): Promise<number> {
  for (let offset = FIRST_OFFSET; offset <= LAST_OFFSET; offset += OFFSET_STEP) {
    if ((await busyPorts(portTable(portsFor(offset, edge), counts))).length === 0) return offset;
  }
  throw new Error(
    'No free range of ports was found, so nothing was started. Stop other stacks, or choose --port.',
  );
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
