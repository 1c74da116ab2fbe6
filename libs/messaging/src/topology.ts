/**
 * Exchanges, queues and bindings as data. One bootstrap step declares them; services only check that
 * they are there. A changed argument needs a new queue name and a drain, since a live queue keeps its own.
 * Limits (max-length, max-length-bytes, delivery-limit) are policies, so that they change while it runs.
 */
export const EXCHANGE = { posts: 'posts', retry: 'posts.retry', dead: 'posts.dead' } as const;
export const RETRY_QUEUE = 'posts.retry';
export const DEAD_QUEUE = 'posts.dead';
const RETRY_DELAY_MS = 1_000;

/** Single posts of a shard; the routing key has the same name. */
export const writeQueue = (shard: string): string => `posts.write.${shard}`;
/** Batches and imports of a shard, on a lane of their own so that they never stand before a single post. */
export const bulkQueue = (shard: string): string => `posts.bulk.${shard}`;

/** The shard a write or bulk queue belongs to. */
export const shardOfQueue = (queue: string): string => queue.slice(queue.lastIndexOf('.') + 1);

export interface ExchangeSpec {
  readonly name: string;
  readonly type: 'direct' | 'fanout';
}

export interface QueueSpec {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
}

export interface Topology {
  readonly exchanges: readonly ExchangeSpec[];
  readonly queues: readonly QueueSpec[];
}

const deadLettering = (exchange: string): Record<string, string> => ({
  'x-queue-type': 'quorum',
  'x-overflow': 'reject-publish',
  'x-dead-letter-exchange': exchange,
  'x-dead-letter-strategy': 'at-least-once',
});

/** The whole topology for the given shards. */
export function topology(shards: readonly string[]): Topology {
  const work = shards.flatMap((shard) => [writeQueue(shard), bulkQueue(shard)]);
  return {
    exchanges: [
      { name: EXCHANGE.posts, type: 'direct' },
      { name: EXCHANGE.retry, type: 'fanout' },
      { name: EXCHANGE.dead, type: 'fanout' },
    ],
    queues: [
      ...work.map((name) => ({
        name,
        arguments: deadLettering(EXCHANGE.dead),
        bindings: [{ exchange: EXCHANGE.posts, routingKey: name }],
      })),
      {
        name: RETRY_QUEUE,
        // No dead-letter routing key: a message returns under the key it was published with.
        arguments: { ...deadLettering(EXCHANGE.posts), 'x-message-ttl': RETRY_DELAY_MS },
        bindings: [{ exchange: EXCHANGE.retry, routingKey: '' }],
      },
      {
        name: DEAD_QUEUE,
        arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' },
        bindings: [{ exchange: EXCHANGE.dead, routingKey: '' }],
      },
    ],
  };
}
