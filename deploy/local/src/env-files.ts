import { numbers, type Plan } from './plan.js';
import { pooledUrl } from './pgbouncer.js';
import { amqpUrl, managementUrl } from './rabbitmq.js';
import { redisUrl } from './redis.js';

export type AppName = 'gateway' | 'writer' | 'reader';

const ISSUER = 'spillway-local';
const AUDIENCE = 'spillway';
const SHARD = 's0';
const SHARD_MAP = `${SHARD}:0-1023`;

/** The environment of one process, by the names that docker-compose.yml and the charts use too. */
export function appEnvironment(plan: Plan, app: AppName, n: number): Record<string, string> {
  const own = { gateway: gatewayEnvironment, writer: writerEnvironment, reader: readerEnvironment }[app](
    plan,
    n,
  );
  return {
    SERVICE_INSTANCE: `${app}-${n}`,
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: String(plan.ports.admin(app, n)),
    LOG_LEVEL: 'info',
    STOP_GRACE_MS: '15000',
    STOP_DELAY_MS: '0',
    SIGNING_KEYS: plan.secrets.signingKeys,
    SHARD_MAP,
    REDIS_URL: redisUrl(plan),
    ...own,
    OTEL_SERVICE_NAME: `spillway-${app}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${plan.ports.otlp}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_BSP_SCHEDULE_DELAY: '1000',
    OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true',
    OTEL_BSP_MAX_QUEUE_SIZE: '16384',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1024',
    OTEL_SPAN_LINK_COUNT_LIMIT: '1024',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_NODE_RESOURCE_DETECTORS: 'env',
    OTEL_TRACES_SAMPLER_ARG: '1',
  };
}

const gatewayEnvironment = (plan: Plan, n: number): Record<string, string> => ({
  HTTP_HOST: '127.0.0.1',
  HTTP_PORT: String(plan.ports.http('gateway', n)),
  HTTP_MAX_FAILURES: '1000000',
  ...authEnvironment(plan),
  AMQP_URLS: amqpUrl(plan, 'gateway'),
  MANAGEMENT_URL: managementUrl(plan, 'monitor'),
  PUBLISH_TIMEOUT_MS: '3000',
  PUBLISH_MAX_UNCONFIRMED: '4000',
  THROTTLE_TTL: '60000',
  THROTTLE_LIMIT: '10000000',
  THROTTLE_TENANT_LIMIT: '100000000',
  QUOTAS: '',
});

const writerEnvironment = (plan: Plan): Record<string, string> => ({
  AMQP_URLS: amqpUrl(plan, 'writer'),
  WRITER_SHARDS: SHARD,
  DATABASE_NODES: databaseNodes(plan, 'writer'),
  DATABASE_POOL_MAX: '4',
});

const readerEnvironment = (plan: Plan, n: number): Record<string, string> => ({
  HTTP_HOST: '127.0.0.1',
  HTTP_PORT: String(plan.ports.http('reader', n)),
  HTTP_MAX_FAILURES: '1000000',
  ...authEnvironment(plan),
  DATABASE_NODES: databaseNodes(plan, 'reader'),
  DATABASE_POOL_MAX: '10',
  READ_MAX_LAG_MS: '2000',
  PRIMARY_READ_SHARE: '0.2',
});

export const cliEnvironment = (plan: Plan): Record<string, string> => ({
  BASE_URL: plan.baseUrl,
  TOKEN_PRIVATE_KEY_FILE: plan.layout.path('keys', 'private.jwk'),
  AUTH_ISSUER: ISSUER,
  AUTH_AUDIENCE: AUDIENCE,
  MIGRATOR_URLS: `${SHARD}=postgres://migrator:${plan.secrets.passwords.migrator}@127.0.0.1:${plan.ports.postgres(0)}/spillway`,
  TOPOLOGY_URL: amqpUrl(plan, 'topology'),
  OPERATOR_NODES: `${SHARD}=${numbers(plan.counts.replicas + 1, 0)
    .map(
      (n) =>
        `postgres://operator:${plan.secrets.passwords.operator}@127.0.0.1:${plan.ports.postgres(n)}/spillway`,
    )
    .join('|')}`,
  AMQP_URLS: amqpUrl(plan, 'operator'),
  MANAGEMENT_URL: managementUrl(plan, 'monitor'),
  SHARD_MAP,
});

const authEnvironment = (plan: Plan): Record<string, string> => ({
  AUTH_JWKS: `file:${plan.layout.path('keys', 'jwks.json')}`,
  AUTH_ISSUER: ISSUER,
  AUTH_AUDIENCE: AUDIENCE,
  AUTH_ALGORITHMS: 'EdDSA',
});

/** Every node of the shard, through its PgBouncer: who is primary is found out, not told. */
const databaseNodes = (plan: Plan, role: 'writer' | 'reader'): string =>
  `${SHARD}=${numbers(plan.counts.replicas + 1, 0)
    .map((n) => pooledUrl(plan, n, role))
    .join('|')}`;
