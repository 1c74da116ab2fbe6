import type { Command } from '@spillway/contracts';
import { migrate, type Router } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { createSpecDatabase, eventually, type SpecDatabase } from '@spillway/testing';
import { commandHandlers } from '../handlers.js';
import { commitBatch } from '../posts/commit-batch.js';
import { batchOfCommands, openRouterTo, SHARD } from '../spec/writer-fixture.js';

/** A migrated database of its own, and batches written to it without a broker. */
export interface FeedFixture {
  readonly database: SpecDatabase;
  /** Another writer's connections. */
  openRouter(applicationName?: string): Promise<Router>;
  /** Commits one batch and says how each command ended. */
  write(commands: readonly Command[]): Promise<Outcome['result'][]>;
  close(): Promise<void>;
}

export async function feedFixture(name: string): Promise<FeedFixture> {
  const database = await createSpecDatabase(name);
  await migrate(database.urlOf('migrator'));
  const routers: Router[] = [];
  const openRouter = async (applicationName = 'spec feed'): Promise<Router> => {
    const router = openRouterTo(database.urlOf('writer'), SHARD, applicationName);
    routers.push(router);
    await eventually('the primary is found', () => router.hasPrimaries);
    return router;
  };
  const handlers = commandHandlers();
  const writing = await openRouter();
  return {
    database,
    openRouter,
    async write(commands) {
      const { entries } = batchOfCommands(commands);
      const { outcomes } = await commitBatch(writing, handlers, SHARD, entries);
      return outcomes.map(({ result }) => result);
    },
    async close() {
      await Promise.all(routers.map((router) => router.close()));
      await database.drop();
    },
  };
}
