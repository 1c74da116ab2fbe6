import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { launched } from './as-user.js';
import { type Component, TIER } from './component.js';
import { numbers, type Plan } from './plan.js';
import { run } from './shell.js';
import { fillTemplate } from './template.js';

interface RedisNode {
  readonly name: string;
  readonly port: number;
  readonly busPort?: number;
}

/** The one server, or the masters of the cluster. */
export const redisNodes = ({ counts, ports }: Plan): readonly RedisNode[] =>
  counts.redisNodes
    ? numbers(counts.redisNodes).map((n) => ({
        name: `redis-${n}`,
        port: ports.redis(n),
        busPort: ports.redisBus(n),
      }))
    : [{ name: 'redis', port: ports.redis(0) }];

const urlOf = (plan: Plan, port: number): string =>
  `redis://:${plan.secrets.passwords.redis}@127.0.0.1:${port}`;

/** One address, or those of all nodes of the cluster. */
export const redisUrl = (plan: Plan): string =>
  redisNodes(plan)
    .map(({ port }) => urlOf(plan, port))
    .join(',');

export const redisComponents = (plan: Plan): Component[] =>
  redisNodes(plan).map(({ name, port }) => ({
    name,
    role: 'redis',
    tier: TIER.broker,
    argv: launched(['redis-server', plan.layout.path('config', `${name}.conf`)]),
    port,
    url: urlOf(plan, port),
    stopWaitSeconds: 10,
  }));

export function writeRedisConfig(plan: Plan): void {
  for (const { name, port, busPort } of redisNodes(plan)) {
    const dir = plan.layout.path('data', name);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const text = fillTemplate('redis/redis.conf', {
      LISTEN_ADDRESS: '127.0.0.1',
      LISTEN_PORT: port,
      PASSWORD: plan.secrets.passwords.redis,
      DATA_DIR: dir,
    });
    const more = busPort === undefined ? '' : fillTemplate('redis/cluster.conf', { BUS_PORT: busPort });
    writeFileSync(plan.layout.path('config', `${name}.conf`), text + more, { mode: 0o600 });
  }
}

/** What a node of an earlier start knew of the cluster: its ports may be others now, and its data is gone anyway. */
export function forgetRedisCluster(plan: Plan): void {
  for (const { name } of redisNodes(plan))
    rmSync(plan.layout.path('data', name, 'nodes.conf'), { force: true });
}

/** In the environment and not among the arguments, which everybody on the machine can read. */
const authOf = ({ secrets }: Plan): Record<string, string> => ({ REDISCLI_AUTH: secrets.passwords.redis });

/** Joins the nodes, which must be running and new, to one cluster. Does nothing when there is a single server. */
export async function joinRedisCluster(plan: Plan): Promise<void> {
  if (!plan.counts.redisNodes) return;
  const addresses = redisNodes(plan).map(({ port }) => `127.0.0.1:${port}`);
  await run(['redis-cli', '--cluster', 'create', ...addresses, '--cluster-yes'], {
    env: authOf(plan),
    logFile: plan.layout.path('log', 'redis-cluster.log'),
  });
}

/** True when every slot has its node, as the first node sees it. */
export async function redisClusterIsWhole(plan: Plan): Promise<boolean> {
  const [first] = redisNodes(plan);
  const info = await run(['redis-cli', '-p', String(first?.port), 'cluster', 'info'], {
    env: authOf(plan),
  });
  return info.includes('cluster_state:ok');
}
