import { setTimeout as delay } from 'node:timers/promises';
import { Router, type ShardNodes } from '@spillway/database';
import { BrokerConnection, Publisher } from '@spillway/messaging';
import type { Logger } from '@spillway/telemetry';
import { Letters } from './letters.js';

const CONNECT_MS = 10_000;
const LOOK_MS = 50;

/** What goes wrong is told by the errors themselves. */
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/**
 * Lends the dead letters of every shard to `fn`.
 * @throws Error when a shard has no primary that can be reached; then nothing was done.
 */
export async function withLetters<T>(
  nodes: ShardNodes,
  fn: (shards: readonly Letters[]) => Promise<T>,
): Promise<T> {
  const router = Router.open({
    nodes,
    poolMax: 2,
    applicationName: 'spillway dead-letters',
    logger: silent,
    maxLagMs: 2_000,
    primaryReadShare: 1,
  });
  try {
    if (!(await within(CONNECT_MS, () => router.hasPrimaries)))
      throw new Error('No primary of some shard can be reached, so nothing was done. Is the stack up?');
    return await fn([...nodes.keys()].map((shard) => new Letters(router, shard)));
  } finally {
    await router.close();
  }
}

/** Lends a publisher. @throws Error when the broker takes nothing; then nothing was done. */
export async function withPublisher<T>(
  urls: readonly string[],
  fn: (publisher: Publisher) => Promise<T>,
): Promise<T> {
  const connection = BrokerConnection.open({ urls, name: 'spillway dead-letters', logger: silent });
  const publisher = new Publisher({ connection, logger: silent, timeoutMs: 5_000, maxUnconfirmed: 100 });
  try {
    if (!(await within(CONNECT_MS, () => publisher.closedBecause === null)))
      throw new Error(`Nothing was done: ${publisher.closedBecause?.message ?? 'the broker takes nothing'}.`);
    return await fn(publisher);
  } finally {
    await publisher.close();
    await connection.close();
  }
}

async function within(ms: number, holds: () => boolean): Promise<boolean> {
  const until = Date.now() + ms;
  while (!holds() && Date.now() < until) await delay(LOOK_MS);
  return holds();
}
