import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { CacheConnection, Results } from '@spillway/cache';
import type { Command } from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope } from '@spillway/contracts/server';
import { migrate, Router } from '@spillway/database';
import type { Batch, BatchEntry, Outcome } from '@spillway/messaging';
import { createSpecDatabase, eventually, quietLogger, readStack, watchLeaks } from '@spillway/testing';
import type { SpecDatabase } from '@spillway/testing';
import { Events } from '../events.js';
import { commandHandlers } from '../handlers.js';
import { BatchWriter, type BatchWriterParts } from '../posts/batch-writer.js';
import { Partitions } from '../posts/partitions.js';

export const SHARD = 's0';

/** A migrated database of its own, and writers without a broker. */
export interface WriterFixture {
  readonly database: SpecDatabase;
  readonly cache: CacheConnection;
  readonly results: Results;
  readonly events: Events;
  /** One writer's connections; on another port when there is a proxy before the primary. */
  readonly openRouter: (port?: number) => Promise<Router>;
  readonly writerOn: (router: Router, more?: Pick<BatchWriterParts, 'facts'>) => BatchWriter;
  /** Fails when something is left open. */
  close(): Promise<void>;
}

export async function writerFixture(name: string, shard = SHARD): Promise<WriterFixture> {
  const leaks = watchLeaks();
  const database = await createSpecDatabase(name);
  await migrate(database.urlOf('migrator'));
  const cache = CacheConnection.open({
    url: readStack().urlOf('redis'),
    name: 'a spec',
    logger: quietLogger,
  });
  await eventually('redis answers', async () => (await cache.call((redis) => redis.ping())).ok);
  const results = new Results(cache);
  const routers: Router[] = [];
  const events = new Events(quietLogger);
  const parts = { results, handlers: commandHandlers(), events };
  return {
    ...{ database, cache, results, events },
    openRouter: async (port) => {
      const url = new URL(database.urlOf('writer'));
      if (port !== undefined) url.port = String(port);
      const router = openRouterTo(url.href, shard);
      routers.push(router);
      await eventually('the primary is found', () => router.hasPrimaries);
      return router;
    },
    writerOn: (router, more) =>
      new BatchWriter({ ...parts, ...more, router, partitions: new Partitions(router) }),
    async close() {
      await Promise.all(routers.map((router) => router.close()));
      await cache.close();
      await database.drop();
      await leaks.expectNoLeaks();
    },
  };
}

/** A writer's router to one shard with this primary. */
export const openRouterTo = (url: string, shard = SHARD, applicationName = 'spec writer'): Router =>
  Router.open({
    nodes: new Map([[shard, [url]]]),
    poolMax: 4,
    applicationName,
    logger: quietLogger,
    maxLagMs: 2_000,
    primaryReadShare: 1,
  });

/** What a message with this body brings. */
export const entriesOf = (body: Buffer, messageId: string = randomUUID()): BatchEntry[] =>
  decodeEnvelope(body).map((decoded, ordinal) => ({
    decoded,
    messageId,
    ordinal,
    body,
    death: undefined,
    context: ROOT_CONTEXT,
  }));

export const batchOf = (entries: readonly BatchEntry[]): Batch => ({
  queue: `posts.write.${SHARD}`,
  entries,
  trigger: 'age',
  attempt: 1,
});

/** Each command in a message of its own. */
export const batchOfCommands = (commands: readonly Command[]): Batch =>
  batchOf(commands.flatMap((command) => entriesOf(encodeEnvelope([command]))));

/** An outcome in a word or two. */
export function shown(outcome: Outcome): string {
  if (outcome.result === 'rejected') return `rejected ${outcome.code}`;
  if (outcome.result === 'alias') return `alias ${outcome.postId}`;
  if (outcome.result === 'parked' || outcome.result === 'unavailable')
    return `${outcome.result} ${outcome.reason}`;
  return outcome.result;
}

export const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
