import { setTimeout as delay } from 'node:timers/promises';
import { Router, type ShardNodes } from '@spillway/database';
import { BrokerConnection, Publisher } from '@spillway/messaging';
import type { Logger } from '@spillway/telemetry';

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
 * Lends a router that has found every shard's primary to `fn`; `command` is told to the servers.
 * @throws Error when a shard has no primary that can be reached; then nothing was done.
 */
export async function withPrimaries<T>(
  command: string,
  nodes: ShardNodes,
  fn: (router: Router) => Promise<T>,
): Promise<T> {
  const router = Router.open({
    nodes,
    poolMax: 2,
    applicationName: `spillway ${command}`,
    logger: silent,
    maxLagMs: 2_000,
    primaryReadShare: 1,
  });
  try {
    if (!(await within(CONNECT_MS, () => router.hasPrimaries)))
      throw new Error('No primary of some shard can be reached, so nothing was done. Is the stack up?');
    return await fn(router);
  } finally {
    await router.close();
  }
}

/** Lends a publisher. @throws Error when the broker takes nothing; then nothing was done. */
export async function withPublisher<T>(
  command: string,
  urls: readonly string[],
  fn: (publisher: Publisher) => Promise<T>,
): Promise<T> {
  const connection = BrokerConnection.open({ urls, name: `spillway ${command}`, logger: silent });
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
