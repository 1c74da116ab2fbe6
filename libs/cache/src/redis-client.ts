import { Cluster, Redis, type ChainableCommander, type RedisCommander } from 'ioredis';

/** The address of a server, or of some nodes of a cluster, comma-separated. */
export const addressesOf = (url: string): readonly string[] => url.split(',').map((part) => part.trim());

export interface RedisClientOptions {
  /** Holds credentials: never logged. */
  readonly url: string;
  readonly name: string;
  /** A command that a node does not answer in this time fails, so that nothing piles up behind it. */
  readonly commandTimeoutMs: number;
}

/** Begins a pipeline. */
export type NewPipeline = () => ChainableCommander;

/** A connection with a backoff of its own. */
export interface RedisClient {
  /** One key a command: a cluster refuses the others. */
  readonly commands: RedisCommander;
  /** Of a single server only: the keys of a pipeline would lie on many nodes. */
  readonly pipeline?: NewPipeline;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'ready', listener: () => void): void;
  disconnect(): void;
}

export const retryAfterMs = (times: number): number =>
  Math.min(2_000, 100 * 2 ** Math.min(times, 5)) + Math.random() * 100;

const NEVER_WAITING = {
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
  connectTimeout: 1_000,
} as const;

/** Connects to a server, or to a cluster when there are several addresses. No command waits for a connection. */
export function openRedis(options: RedisClientOptions): RedisClient {
  const addresses = addressesOf(options.url);
  return addresses.length > 1 ? openCluster(addresses, options) : openServer(options);
}

function openServer({ url, name, commandTimeoutMs }: RedisClientOptions): RedisClient {
  const redis = new Redis(url, {
    ...NEVER_WAITING,
    connectionName: name,
    // What was under way on a lost connection is never settled otherwise (ioredis 2193), and a pipeline that
    // waits for it holds back every later command for good.
    commandTimeout: commandTimeoutMs,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: retryAfterMs,
  });
  return {
    commands: redis,
    pipeline: () => redis.pipeline(),
    on: (event: 'error' | 'ready', listener: (error: Error) => void) => void redis.on(event, listener),
    disconnect: () => redis.disconnect(),
  };
}

/** All nodes take the user, the password and the TLS of the first address. */
function openCluster(addresses: readonly string[], options: RedisClientOptions): RedisClient {
  const nodes = addresses.map((address) => new URL(address));
  const [first] = nodes;
  const cluster = new Cluster(
    nodes.map(({ hostname: host, port }) => ({ host, port: Number(port || 6379) })),
    {
      // Only heard at this level; the connections of the nodes queue whatever they are told.
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      maxRedirections: 4,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 100,
      slotsRefreshTimeout: 2_000,
      slotsRefreshInterval: 10_000,
      clusterRetryStrategy: retryAfterMs,
      redisOptions: {
        ...NEVER_WAITING,
        connectionName: options.name,
        commandTimeout: options.commandTimeoutMs,
        ...(first?.username ? { username: decodeURIComponent(first.username) } : {}),
        ...(first?.password ? { password: decodeURIComponent(first.password) } : {}),
        ...(first?.protocol === 'rediss:' ? { tls: {} } : {}),
      },
    },
  );
  return {
    commands: cluster,
    on: (event: 'error' | 'ready', listener: (error: Error) => void) => void cluster.on(event, listener),
    disconnect: () => cluster.disconnect(),
  };
}
