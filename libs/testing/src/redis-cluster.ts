import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { startRedisServer, type RedisServer } from './redis-server.js';

/** A Redis Cluster of three masters that belongs to one spec. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** The addresses of all nodes, comma-separated. */
  readonly url: string;
  /** The node whose slot holds a key, as the first one sees it. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Moves the slot of a key with everything in it to another node, while it is being used. Returns how many keys. */
  moveSlotOf(key: string, to: RedisServer): Promise<number>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Asks a node. */
const ask = async ({ port }: RedisServer, ...command: readonly string[]): Promise<string> =>
  (await run('redis-cli', ['-p', String(port), ...command])).stdout.trim();

/** Starts three masters and joins them by `redis-cli --cluster create`. Whoever starts them stops them. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([0, 1, 2].map(async () => startRedisServer(await clusterSettings())));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  await eventually(
    'every node sees a whole cluster',
    async () => {
      const infos = await Promise.all(nodes.map((node) => ask(node, 'cluster', 'info')));
      return infos.every((info) => info.includes('cluster_state:ok'));
    },
    { deadlineMs: 30_000 },
  );
  const [first] = nodes;
  if (!first) throw new Error('a cluster has nodes');
  const slotOf = (key: string): Promise<string> => ask(first, 'cluster', 'keyslot', key);
  const ownerOf = async (key: string): Promise<RedisServer> => {
    const slot = Number(await slotOf(key));
    for (const node of nodes) if (await owns(node, slot)) return node;
    throw new Error(`no node has slot ${slot}`);
  };
  return {
    nodes,
    url: nodes.map(({ url }) => url).join(','),
    ownerOf,
    moveSlotOf: async (key, to) => moveSlot(nodes, await slotOf(key), await ownerOf(key), to),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

const clusterSettings = async (): Promise<string[]> => [
  ...['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
  ...['--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no'],
];

/** The line of a node about itself ends with its slots. */
async function owns(node: RedisServer, slot: number): Promise<boolean> {
  const lines = (await ask(node, 'cluster', 'nodes')).split('\n');
  const own = lines.find((line) => line.includes('myself'))?.split(' ') ?? [];
  return own.slice(8).some((range) => {
    const [low = Number.NaN, high = low] = range.split('-').map(Number);
    return slot >= low && slot <= high;
  });
}

const KEYS_AT_ONCE = 10;

/** As the documentation of CLUSTER SETSLOT has it. */
async function moveSlot(
  nodes: readonly RedisServer[],
  slot: string,
  from: RedisServer,
  to: RedisServer,
): Promise<number> {
  const [fromId, toId] = await Promise.all([ask(from, 'cluster', 'myid'), ask(to, 'cluster', 'myid')]);
  await ask(to, 'cluster', 'setslot', slot, 'importing', fromId);
  await ask(from, 'cluster', 'setslot', slot, 'migrating', toId);
  let moved = 0;
  for (;;) {
    const keys = await ask(from, 'cluster', 'getkeysinslot', slot, String(KEYS_AT_ONCE));
    if (keys === '') break;
    for (const key of keys.split('\n')) {
      await ask(from, 'migrate', '127.0.0.1', String(to.port), key, '0', '5000');
      moved++;
    }
  }
  const others = nodes.filter((node) => node !== from && node !== to);
  for (const node of [to, from, ...others]) await ask(node, 'cluster', 'setslot', slot, 'node', toId);
  return moved;
}
