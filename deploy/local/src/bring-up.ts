import { join } from 'node:path';
import type { Component } from './component.js';
import { REPO } from './layout.js';
import { phase } from './phases.js';
import type { Plan } from './plan.js';
import { copyReplicas, createRoles, initPrimary, nodeName, sql, streamingReplicas } from './postgres.js';
import { httpAnswers, tcpAccepts } from './probes.js';
import { forgetRedisCluster, joinRedisCluster, redisClusterIsWhole, redisNodes } from './redis.js';
import { run } from './shell.js';
import { stackComponents } from './stack.js';
import { startProcesses } from './supervisor.js';

/**
 * Starts every process, each as soon as what it needs is there: the databases and the broker side by side, then
 * migrations and topology, then the apps, then the edge.
 * @throws Error of the first phase that failed.
 */
export async function bringUp(plan: Plan, signal: AbortSignal): Promise<void> {
  const all = stackComponents(plan);
  const named = (test: (component: Component) => boolean): string[] =>
    all.filter(test).map(({ name }) => name);
  await initPrimary(plan);
  forgetRedisCluster(plan);
  await startProcesses(plan.layout, [
    'epmd',
    nodeName(0),
    ...named(({ role }) => role === 'redis' || role === 'traces' || role === 'prometheus'),
  ]);
  const apps = all.filter(({ role }) => isApp(role));
  await together(signal, (both) => [
    startDatabases(plan, both, named)
      .then(() => cli(plan, both, 'migrate', 'Migrations'))
      // The apps boot while the broker still does: they wait for what they need by themselves.
      .then(() =>
        startProcesses(
          plan.layout,
          apps.map(({ name }) => name),
        ),
      ),
    startBroker(plan, both).then(() => cli(plan, both, 'topology', 'Exchanges and queues')),
    awaitHelpers(plan, both),
  ]);
  await awaitApps(plan, signal, apps);
  // Exporters come last: nothing waits for them, and the processor belongs to the apps until these are ready.
  const exporters = all.filter(({ role }) => role === 'exporter');
  await startProcesses(plan.layout, ['edge', ...exporters.map(({ name }) => name)]);
  await together(signal, (both) => [
    listening(
      plan,
      both,
      'Edge',
      all.filter(({ role }) => role === 'edge'),
    ),
    listening(plan, both, 'Exporters', exporters),
  ]);
}

/** Waits until each of these accepts connections. */
const listening = (plan: Plan, signal: AbortSignal, name: string, components: readonly Component[]) =>
  phase(
    plan.layout,
    signal,
    { name, deadlineMs: 15_000, processes: components.map((component) => component.name) },
    async (wait) => {
      for (const component of components)
        await wait(`${component.name} to listen`, () => tcpAccepts(component.port));
    },
  );

/** Waits for all; when one fails, the others are called off and ended before it is told. */
async function together(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>[]): Promise<void> {
  const own = new AbortController();
  const all = work(AbortSignal.any([signal, own.signal]));
  try {
    await Promise.all(all);
  } catch (error) {
    own.abort(error);
    await Promise.allSettled(all);
    throw error;
  }
}

export const isApp = (role: string | undefined): boolean =>
  role === 'gateway' || role === 'writer' || role === 'reader';

/** Waits until each of these apps says that it is ready. */
export async function awaitApps(plan: Plan, signal: AbortSignal, apps: readonly Component[]): Promise<void> {
  const names = apps.map(({ name }) => name);
  if (names.length === 0) return;
  await phase(
    plan.layout,
    signal,
    { name: names.join(', '), deadlineMs: 90_000, processes: names },
    async (wait) => {
      for (const app of apps)
        await wait(`${app.name} to be ready`, () => httpAnswers(`${app.adminUrl}/health/ready`));
    },
  );
}

function awaitHelpers(plan: Plan, signal: AbortSignal): Promise<void> {
  const nodes = redisNodes(plan);
  const processes = [...nodes.map(({ name }) => name), 'traces', 'prometheus'];
  return phase(
    plan.layout,
    signal,
    { name: 'Redis, traces, Prometheus', deadlineMs: 60_000, processes },
    async (wait) => {
      for (const { name, port } of nodes) await wait(`${name} to listen`, () => tcpAccepts(port));
      if (nodes.length > 1) {
        await joinRedisCluster(plan);
        await wait('the Redis Cluster to be whole', () => redisClusterIsWhole(plan));
      }
      await wait('traces to listen', () => tcpAccepts(plan.ports.traceUi));
      await wait('prometheus to be ready', () =>
        httpAnswers(`http://127.0.0.1:${plan.ports.prometheus}/-/ready`),
      );
    },
  );
}

function startBroker(plan: Plan, signal: AbortSignal): Promise<void> {
  return phase(
    plan.layout,
    signal,
    { name: 'RabbitMQ', deadlineMs: 120_000, processes: ['rabbitmq', 'epmd'] },
    async (wait) => {
      await wait('epmd to listen', () => tcpAccepts(plan.ports.epmd));
      await startProcesses(plan.layout, ['rabbitmq']);
      await wait('rabbitmq to listen', () => tcpAccepts(plan.ports.amqp));
      await wait('the management of rabbitmq to listen', () => tcpAccepts(plan.ports.management));
    },
  );
}

async function startDatabases(
  plan: Plan,
  signal: AbortSignal,
  named: (test: (component: Component) => boolean) => string[],
): Promise<void> {
  const replicas = named(({ role }) => role === 'postgres-replica');
  const poolers = named(({ role }) => role === 'pgbouncer');
  await phase(
    plan.layout,
    signal,
    { name: 'Postgres primary', deadlineMs: 90_000, processes: [nodeName(0)] },
    async (wait) => {
      await wait(`${nodeName(0)} to accept queries`, () => sql(plan, 'SELECT 1'));
      await createRoles(plan);
    },
  );
  await phase(
    plan.layout,
    signal,
    { name: `Replicas and PgBouncer`, deadlineMs: 180_000, processes: [...replicas, ...poolers] },
    async (wait) => {
      await copyReplicas(plan);
      await startProcesses(plan.layout, [...replicas, ...poolers]);
      await wait(
        `${replicas.join(', ')} to stream from the primary`,
        async () => (await streamingReplicas(plan)).length >= replicas.length,
      );
      for (const n of poolers.keys())
        await wait(`${poolers[n]} to listen`, () => tcpAccepts(plan.ports.pgbouncer(n)));
    },
  );
}

function cli(plan: Plan, signal: AbortSignal, command: string, name: string): Promise<void> {
  return phase(plan.layout, signal, { name, deadlineMs: 120_000, processes: [command] }, async () => {
    const argv = [
      plan.layout.node,
      `--env-file=${plan.layout.path('env', 'cli.env')}`,
      join(REPO, 'apps/cli/dist/main.js'),
      command,
    ];
    await run(argv, { logFile: plan.layout.path('log', `${command}.log`) }).catch((error: unknown) => {
      throw new Error(`${command} did not succeed.`, { cause: error });
    });
  });
}
