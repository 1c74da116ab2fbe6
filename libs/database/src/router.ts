import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '@spillway/contracts';
import type { Logger } from '@spillway/telemetry';
import { classifySqlError, DatabaseUnavailable } from './database-error.js';
import type { Freshness } from './freshness.js';
import type { DatabaseNode } from './node.js';
import type { ReadScope } from './read/read-scope.js';
import { ReplicaRead, type Answer } from './replica-read.js';
import { withScope, type Scope } from './scope.js';
import { Shard } from './shard.js';
import type { ShardNodes } from './shard-nodes.js';

export interface RouterOptions {
  readonly nodes: ShardNodes;
  readonly poolMax: number;
  readonly applicationName: string;
  readonly logger: Logger;
  /** A replica further behind than this answers nothing. */
  readonly maxLagMs: number;
  /** Share of a primary's pool that reads may use at once. */
  readonly primaryReadShare: number;
}

const POLL_MS = 100;
const WRITE_DEADLINE_MS = 20_000;

/**
 * Knows every Postgres node of every shard, polled for role and position, and lends connections: the
 * primary for writing, a replica that is fresh enough for reading, the primary for reading only inside
 * its budget. Roles are discovered, so a promotion needs no restart, and any node may be away at start.
 */
export class Router {
  private readonly shards: ReadonlyMap<string, Shard>;
  private readonly polls: Promise<void>[] = [];
  private stopped = false;

  private constructor(private readonly options: RouterOptions) {
    const { nodes, ...common } = options;
    this.shards = new Map([...nodes].map(([name, urls]) => [name, new Shard({ ...common, name, urls })]));
  }

  /** Starts polling and returns at once, whichever nodes are up. */
  static open(options: RouterOptions): Router {
    const router = new Router(options);
    for (const shard of router.shards.values()) {
      for (const node of shard.nodes) router.polls.push(router.keepPolling(shard, node));
    }
    return router;
  }

  /** Seconds that each replica is behind, as this process measures it. */
  get replicaLags(): readonly {
    readonly value: number;
    readonly labels: { shard: string; replica: string };
  }[] {
    return [...this.shards.values()].flatMap((shard) =>
      shard.replicas.map((node) => ({
        value: shard.lagOf(node) / 1000,
        labels: { shard: shard.name, replica: shard.labelOf(node) },
      })),
    );
  }

  /** Where each replica of a shard is, as last polled. */
  replicaPositions(shardName: string): readonly { readonly replica: string; readonly position: Position }[] {
    const shard = this.shard(shardName);
    return shard.replicas.flatMap((node) =>
      node.position ? [{ replica: shard.labelOf(node), position: node.position }] : [],
    );
  }

  /** True when every shard has a primary. */
  get hasPrimaries(): boolean {
    return [...this.shards.values()].every((shard) => shard.primary !== undefined);
  }

  /** True when every shard has a node that can answer. */
  get canRead(): boolean {
    return [...this.shards.values()].every((shard) => shard.nodes.some((node) => node.up));
  }

  /** Where the shard's primary is as last polled; undefined while there is none. */
  primaryPosition(shardName: string): Position | undefined {
    return this.shard(shardName).primary?.position;
  }

  /** The same, asked now. */
  askPrimaryPosition(shardName: string): Promise<Position | undefined> {
    return this.shard(shardName).askPrimaryPosition();
  }

  /**
   * Lends a connection of the shard's primary.
   * @throws DatabaseUnavailable when there is no primary or it does not answer.
   */
  async onPrimary<T>(
    shardName: string,
    fn: (scope: Scope) => Promise<T>,
    deadlineMs = WRITE_DEADLINE_MS,
  ): Promise<T> {
    const node = this.shard(shardName).primary;
    if (!node) throw new DatabaseUnavailable('no_primary', `shard ${shardName} has no primary now`);
    try {
      return await withScope(node, deadlineMs, fn);
    } catch (error) {
      if (classifySqlError(error) === 'read_only') {
        await node.discardPool();
        throw new DatabaseUnavailable('no_primary', `the primary of shard ${shardName} was demoted`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  /**
   * Lends a connection of a node that is fresh enough, for reading what `tenant` may see. A replica that
   * fails is replaced by another, then by the primary inside its budget: `fn` may run again, on a node
   * that is no older.
   * @throws DatabaseUnavailable when no node may answer.
   */
  onReplica<T>(
    shardName: string,
    tenant: string,
    freshness: Freshness,
    fn: (scope: ReadScope) => Promise<T>,
  ): Promise<Answer<T>> {
    return new ReplicaRead(this.shard(shardName), tenant, fn).run(freshness);
  }

  async close(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.polls);
    await Promise.all([...this.shards.values()].flatMap(({ nodes }) => nodes.map((node) => node.close())));
  }

  private async keepPolling(shard: Shard, node: DatabaseNode): Promise<void> {
    let before = node.role;
    while (!this.stopped) {
      await node.poll();
      if (node.role === 'primary' && node.position)
        shard.trail.record(node.position.timeline, node.position.lsn, performance.now());
      if (node.role !== before) {
        // It died or was promoted, and is here: what it failed at before says nothing of it now.
        node.breaker.succeeded();
        this.options.logger.info(
          { node: node.options.name, before, role: node.role },
          'database role changed',
        );
        before = node.role;
      }
      await delay(POLL_MS);
    }
  }

  private shard(name: string): Shard {
    const shard = this.shards.get(name);
    if (!shard) throw new Error(`shard ${name} has no nodes in the configuration`);
    return shard;
  }
}
