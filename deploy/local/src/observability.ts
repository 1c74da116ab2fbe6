import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watching } from './as-user.js';
import { type Component, TIER } from './component.js';
import { REPO } from './layout.js';
import { poolerName } from './pgbouncer.js';
import { numbers, type Plan } from './plan.js';
import { nodeName } from './postgres.js';
import { redisNodes } from './redis.js';
import { fillTemplate } from './template.js';

/** The trace viewer, which is also the OTLP receiver, and Prometheus. */
export function observabilityComponents(plan: Plan): Component[] {
  const { layout, ports } = plan;
  return [
    {
      name: 'traces',
      role: 'traces',
      tier: TIER.broker,
      argv: watching([layout.node, join(REPO, 'deploy/local/dist/traces.js')]),
      environment: {
        OTLP_PORT: String(ports.otlp),
        TRACE_UI_PORT: String(ports.traceUi),
        TRACES_DIR: layout.path('data', 'traces'),
      },
      port: ports.otlp,
      url: `http://127.0.0.1:${ports.traceUi}`,
      stopWaitSeconds: 5,
    },
    {
      name: 'prometheus',
      role: 'prometheus',
      tier: TIER.broker,
      argv: watching([
        'prometheus',
        `--config.file=${layout.path('config', 'prometheus.yml')}`,
        `--storage.tsdb.path=${layout.path('data', 'prometheus')}`,
        '--storage.tsdb.retention.time=2d',
        '--storage.tsdb.retention.size=512MB',
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
        '--log.level=warn',
      ]),
      port: ports.prometheus,
      url: `http://127.0.0.1:${ports.prometheus}`,
      stopWaitSeconds: 20,
    },
  ];
}

/** Prometheus reads the targets again whenever these files change. */
export function writeObservabilityConfig(plan: Plan): void {
  const { layout, ports, counts } = plan;
  const apps = { gateway: counts.gateways, writer: counts.writers, reader: counts.readers };
  const groups = Object.entries(apps).flatMap(([app, count]) =>
    numbers(count).map((n) => ({
      targets: [`127.0.0.1:${ports.admin(app as keyof typeof apps, n)}`],
      labels: { app, instance: `${app}-${n}` },
    })),
  );
  const single = (port: number): unknown => [{ targets: [`127.0.0.1:${port}`] }];
  writeTargets(plan, 'apps', groups);
  writeTargets(plan, 'rabbitmq', single(ports.rabbitmqMetrics));
  writeTargets(plan, 'prometheus', single(ports.prometheus));
  writeTargets(
    plan,
    'redis',
    redisNodes(plan).map(({ name, port }) => ({
      targets: [`127.0.0.1:${ports.redisMetrics}`],
      labels: { instance: name, __param_target: `redis://127.0.0.1:${port}` },
    })),
  );
  writeTargets(plan, 'node', single(ports.nodeMetrics));
  const nodes = numbers(counts.replicas + 1, 0);
  writeTargets(
    plan,
    'postgres',
    nodes.map((n) => ({
      targets: [`127.0.0.1:${ports.postgresMetrics(n)}`],
      labels: { instance: nodeName(n) },
    })),
  );
  writeTargets(
    plan,
    'pgbouncer',
    nodes.map((n) => ({
      targets: [`127.0.0.1:${ports.pgbouncerMetrics}`],
      labels: { instance: poolerName(n), __metrics_path__: `/${poolerName(n)}` },
    })),
  );
  const text = fillTemplate('observability/prometheus.yml', {
    TARGETS_DIR: layout.path('config', 'targets'),
    ALERTS_DIR: join(REPO, 'deploy/observability/alerts'),
  });
  writeFileSync(layout.path('config', 'prometheus.yml'), text);
}

function writeTargets(plan: Plan, name: string, targets: unknown): void {
  const file = plan.layout.path('config', 'targets', `${name}.json`);
  writeFileSync(`${file}.tmp`, JSON.stringify(targets, null, 2));
  renameSync(`${file}.tmp`, file);
}
