import { randomBytes, randomUUID } from 'node:crypto';
import { uuidV7 } from '@spillway/contracts';
import { ShardDirectory, SigningKeys } from '@spillway/contracts/server';
import { atLeast, EVENTUAL, ReadRouter, STRONG } from '@spillway/database/read';
import {
  createSpecDatabase,
  eventually,
  notYet,
  quietLogger,
  startTcpProxy,
  watchLeaks,
} from '@spillway/testing';
import type { SpecDatabase, TcpProxy } from '@spillway/testing';
import { TenantReads } from '../tenant-reads.js';

/** A post as a spec stores it: what it does not say is made up. */
export interface Row {
  readonly tenant?: string;
  readonly id?: string;
  readonly author?: string;
  readonly channel?: string;
  readonly replyTo?: string;
  readonly content?: string;
  readonly tags?: readonly string[];
  readonly commandId?: string;
  readonly deleted?: boolean;
}

export interface FixtureOptions {
  /** `migrate` of `@spillway/database`, which only a spec may import here. */
  readonly migrate: (url: string) => Promise<unknown>;
  readonly poolMax?: number;
}

/** Reads of a database of their own, on the stack's primary and first replica. */
export interface ReaderFixture {
  readonly database: SpecDatabase;
  readonly shard: string;
  readonly router: ReadRouter;
  readonly reads: TenantReads;
  readonly keys: Readonly<Record<'ticket' | 'consistency' | 'cursor', SigningKeys>>;
  /** Between the router and the primary. */
  readonly proxy: TcpProxy;
  /** A new tenant, once both nodes answer. */
  freshTenant(): Promise<string>;
  /** Stores rows of a tenant, waits for the replica and returns their ids. */
  store(tenant: string, ...rows: Row[]): Promise<string[]>;
  /** Waits until the replica answers with everything that is on the primary now. */
  replayed(): Promise<void>;
  close(): Promise<void>;
}

export const nothing = (): Promise<void> => Promise.resolve();

export async function openReaderFixture({ migrate, poolMax = 4 }: FixtureOptions): Promise<ReaderFixture> {
  const leaks = watchLeaks();
  const database = await createSpecDatabase('reader');
  await migrate(database.urlOf('migrator'));
  const shard = `spec-${randomBytes(4).toString('hex')}`;
  const primary = new URL(database.urlOf('reader'));
  const proxy = await startTcpProxy({ target: { port: Number(primary.port) } });
  primary.port = String(proxy.port);
  const router = ReadRouter.open({
    nodes: new Map([[shard, [primary.href, database.urlOf('reader', 'postgres-replica-1')]]]),
    poolMax,
    applicationName: 'spec reader',
    logger: quietLogger,
    maxLagMs: 60_000,
    primaryReadShare: 0.5,
  });
  const keyText = `a:${randomBytes(32).toString('base64')}`;
  const keys = {
    ticket: SigningKeys.parse(keyText, 'ticket'),
    consistency: SigningKeys.parse(keyText, 'consistency'),
    cursor: SigningKeys.parse(keyText, 'cursor'),
  };
  const reads = new TenantReads(router, ShardDirectory.parse(`${shard}:0-1023`), keys.consistency);
  const replayed = async (): Promise<void> => {
    const { value } = await reads.read('any', STRONG, (scope) => scope.seenPosition());
    await eventually('the replica has replayed it', async () => {
      const { servedBy } = await reads.read('any', atLeast(value), nothing);
      return servedBy === 'replica-1' || notYet(servedBy);
    });
  };
  return {
    database,
    shard,
    router,
    reads,
    keys,
    proxy,
    replayed,
    async freshTenant() {
      const tenant = `spec-${randomUUID()}`;
      await eventually('both nodes answer', async () => {
        const served = [
          await reads.read(tenant, STRONG, nothing),
          await reads.read(tenant, EVENTUAL, nothing),
        ].map(({ servedBy }) => servedBy);
        return served.join() === 'primary,replica-1' || notYet(served);
      });
      return tenant;
    },
    async store(tenant, ...rows) {
      const ids = await insertPosts(database, tenant, rows);
      await replayed();
      return ids;
    },
    async close() {
      await router.close();
      await proxy.stop();
      await database.drop();
      await leaks.expectNoLeaks();
    },
  };
}

/** Rows as the writer would leave them, in one transaction. */
export async function insertPosts(
  database: SpecDatabase,
  tenant: string,
  rows: readonly Row[],
): Promise<string[]> {
  const first = Date.now() - rows.length;
  const ids = rows.map(({ id }, n) => id ?? uuidV7(first + n));
  const column = (value: (row: Row, n: number) => unknown): unknown[] => rows.map(value);
  await database.query(
    `WITH new AS (
       INSERT INTO posts (tenant_id, id, author_id, channel_id, reply_to, content, content_version, tags, tags_version, command_id, deleted_by)
       SELECT t, i, a, c, r, body, i, ARRAY(SELECT jsonb_array_elements_text(g)), i, k, d
       FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[], $8::uuid[], $9::uuid[])
         AS u(t, i, a, c, r, body, g, k, d)
       RETURNING tenant_id, id, tags)
     INSERT INTO post_tags (tenant_id, tag, post_id) SELECT tenant_id, tag, id FROM new, unnest(tags) AS tag`,
    [
      column((row) => row.tenant ?? tenant),
      ids,
      column((row) => row.author ?? 'alice'),
      column((row) => row.channel ?? null),
      column((row) => row.replyTo ?? null),
      column((row) => row.content ?? 'hello'),
      column((row) => JSON.stringify(row.tags ?? [])),
      column((row, n) => row.commandId ?? ids[n]),
      column((row) => (row.deleted ? uuidV7() : null)),
    ],
  );
  return ids;
}
