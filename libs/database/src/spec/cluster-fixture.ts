import { uuidV7, type Position } from '@spillway/contracts';
import { eventually, quietLogger, startPostgresCluster, watchLeaks } from '@spillway/testing';
import type { PostgresCluster, PostgresNode } from '@spillway/testing';
import { migrate } from '../migrate.js';
import { seenPosition } from '../position.js';
import type { ReadScope } from '../read/read-scope.js';
import { Router, type RouterOptions } from '../router.js';

export const SHARD = 's0';
export const TENANT = 'acme';

/** Servers of a spec's own with the schema, and routers to them. */
export interface ClusterFixture {
  readonly cluster: PostgresCluster;
  readonly nodes: readonly PostgresNode[];
  open(role: 'writer' | 'reader', options?: Partial<RouterOptions>): Router;
  close(): Promise<void>;
}

export interface Written {
  readonly id: string;
  readonly position: Position;
}

/** @param settings lines of postgresql.conf for each replica, in order. */
export async function openClusterFixture(
  replicas: number,
  settings: readonly (readonly string[])[] = [],
): Promise<ClusterFixture> {
  const leaks = watchLeaks();
  const cluster = await startPostgresCluster(replicas, settings);
  await migrate(cluster.primary.urlOf('migrator'));
  const nodes = [cluster.primary, ...cluster.replicas];
  const routers: Router[] = [];
  return {
    cluster,
    nodes,
    open(role, options) {
      const router = Router.open({
        nodes: new Map([[SHARD, nodes.map((node) => node.urlOf(role))]]),
        poolMax: 20,
        applicationName: 'a spec',
        logger: quietLogger,
        maxLagMs: 1_000,
        primaryReadShare: 0.5,
        ...options,
      });
      routers.push(router);
      return router;
    },
    async close() {
      await Promise.all(routers.map((router) => router.close()));
      await cluster.stop();
      await leaks.expectNoLeaks();
    },
  };
}

/** Commits one post and says where the log was then. */
export const writePost = (writer: Router, deadlineMs?: number): Promise<Written> =>
  writer.onPrimary(
    SHARD,
    async (scope) => {
      const id = uuidV7();
      await scope.transaction(() =>
        scope.query(
          `INSERT INTO posts (tenant_id, id, author_id, content, content_version, tags_version, command_id)
           VALUES ($1, $2, 'alice', 'hello', $2, $2, $2)`,
          [TENANT, id],
        ),
      );
      return { id, position: await seenPosition(scope, SHARD) };
    },
    deadlineMs,
  );

export const hasPost =
  (id: string) =>
  async (scope: ReadScope): Promise<boolean> =>
    (await scope.query('SELECT 1 FROM posts WHERE tenant_id = $1 AND id = $2', [TENANT, id])).length === 1;

/** Waits until the router knows as many nodes as there are to be known. */
export const findsNodes = (router: Router, replicas: number): Promise<boolean> =>
  eventually('the nodes are found', () => router.hasPrimaries && router.replicaLags.length === replicas);
