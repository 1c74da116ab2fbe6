import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import {
  uuidV7,
  uuidV7Time,
  type Command,
  type CreatePost,
  type DeletePost,
  type EditPost,
} from '@spillway/contracts';
import { decodeEnvelope, encodeEnvelope } from '@spillway/contracts/server';
import { migrate, Router } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { createSpecDatabase, eventually, quietLogger, type SpecDatabase } from '@spillway/testing';
import { commandHandlers } from '../handlers.js';
import { commitBatch } from '../posts/commit-batch.js';

export const SHARD = 's0';

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
    const router = Router.open({
      nodes: new Map([[SHARD, [database.urlOf('writer')]]]),
      poolMax: 4,
      applicationName,
      logger: quietLogger,
      maxLagMs: 2_000,
      primaryReadShare: 1,
    });
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
      const entries = commands.flatMap((command) => {
        const body = encodeEnvelope([command]);
        const message = { messageId: randomUUID(), body, death: undefined, context: ROOT_CONTEXT };
        return decodeEnvelope(body).map((decoded, ordinal) => ({ decoded, ordinal, ...message }));
      });
      const { outcomes } = await commitBatch(writing, handlers, SHARD, entries);
      return outcomes.map(({ result }) => result);
    },
    async close() {
      await Promise.all(routers.map((router) => router.close()));
      await database.drop();
    },
  };
}

const base = (tenantId: string) => ({
  tenantId,
  actor: { sub: 'alice', moderator: false },
  acceptedAt: Date.now(),
});

/** A post of ten seconds ago, so that every edit is later. */
export function create(
  tenant: string,
  post: Partial<CreatePost['post']> = {},
  at = Date.now() - 10_000,
): CreatePost {
  const postId = uuidV7(at);
  return {
    ...base(tenant),
    kind: 'post.create',
    commandId: postId,
    postId,
    post: { authorId: 'alice', content: 'first', tags: [], ...post },
  };
}

/** An edit that many milliseconds after its post was made. */
export const edit = (post: CreatePost, afterMs: number, change: EditPost['edit']): EditPost => ({
  ...base(post.tenantId),
  kind: 'post.edit',
  commandId: uuidV7(uuidV7Time(post.postId) + afterMs),
  postId: post.postId,
  edit: change,
});

export const remove = (post: CreatePost, afterMs: number): DeletePost => ({
  ...base(post.tenantId),
  kind: 'post.delete',
  commandId: uuidV7(uuidV7Time(post.postId) + afterMs),
  postId: post.postId,
});
