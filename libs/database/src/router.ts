import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '@spillway/contracts';
import { meters, type Logger } from '@spillway/telemetry';
import { Bulkhead } from './bulkhead.js';
import { eligible, lessBusyOfTwo } from './choose-replica.js';
import { classifySqlError, DatabaseUnavailable } from './database-error.js';
import { EVENTUAL, type Freshness } from './freshness.js';
import { DatabaseNode } from './node.js';
import { PrimaryTrail } from './replication-lag.js';
import { withScope, type Scope } from './scope.js';
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

/** An answer and where it came from. */
export interface Answer<T> {
  readonly value: T;
  readonly servedBy: 'primary' | `replica-${number}`;
  readonly lagMs: number;
}

const POLL_MS = 100;
const POSITION_WAIT_MS = 40;
const POSITION_RETRY_MS = 10;
const REPLICA_TRIES = 2;
const READ_DEADLINE_MS = 5_000;
const WRITE_DEADLINE_MS = 20_000;

interface Shard {
  readonly nodes: readonly DatabaseNode[];
  readonly trail: PrimaryTrail;
  readonly primaryReads: Bulkhead;
}

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
    this.shards = new Map(
      [...options.nodes].map(([shard, urls]) => [
        shard,
        {
          nodes: urls.map(
            (url, index) =>
              new DatabaseNode({
                shard,
                name: `${shard}-${index}`,
                url,
                poolMax: options.poolMax,
                applicationName: options.applicationName,
              }),
          ),
          trail: new PrimaryTrail(),
          primaryReads: new Bulkhead(Math.max(1, Math.floor(options.poolMax * options.primaryReadShare))),
        },
      ]),
    );
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
    return [...this.shards].flatMap(([name, shard]) =>
      replicasOf(shard).map((node) => ({
        value: this.lagOf(shard, node) / 1000,
        labels: { shard: name, replica: `replica-${shard.nodes.indexOf(node)}` },
      })),
    );
  }

  /** True when every shard has a primary. */
  get hasPrimaries(): boolean {
    return [...this.shards.values()].every((shard) => primaryOf(shard) !== undefined);
  }

  /** True when every shard has a node that can answer. */
  get canRead(): boolean {
    return [...this.shards.values()].every((shard) => shard.nodes.some((node) => node.up));
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
    const node = primaryOf(this.shard(shardName));
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
   * Lends a connection of a node that is fresh enough, inside a read-only transaction that sees only
   * `tenant`. A replica that fails is replaced by another, then by the primary inside its budget.
   * @throws DatabaseUnavailable when no node may answer.
   */
  async onReplica<T>(
    shardName: string,
    tenant: string,
    freshness: Freshness,
    fn: (scope: Scope) => Promise<T>,
  ): Promise<Answer<T>> {
    const shard = this.shard(shardName);
    const tried = new Set<DatabaseNode>();
    const wanted = freshness.mode === 'strong' ? undefined : await this.reachable(shard, freshness);
    while (wanted && tried.size < REPLICA_TRIES) {
      const node = this.pick(shard, wanted, tried);
      if (!node) break;
      tried.add(node);
      try {
        return await this.read(shard, node, tenant, fn);
      } catch (error) {
        if (classifySqlError(error) !== 'transient') throw error;
      }
    }
    return this.readPrimary(shard, shardName, tenant, wanted ?? freshness, tried, fn);
  }

  async close(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.polls);
    await Promise.all([...this.shards.values()].flatMap(({ nodes }) => nodes.map((node) => node.close())));
  }

  /** Waits shortly for a replica to reach the position; a position that no longer exists asks for nothing. */
  private async reachable(shard: Shard, freshness: Freshness): Promise<Freshness | undefined> {
    if (freshness.mode !== 'atLeast') return freshness;
    const primary = primaryOf(shard);
    const { position } = freshness;
    if (primary?.position && position.timeline !== primary.position.timeline) return undefined;
    const until = Date.now() + POSITION_WAIT_MS;
    while (this.pick(shard, freshness) === undefined) {
      if (Date.now() >= until) return (await isBeyond(primary, position)) ? EVENTUAL : freshness;
      await delay(POSITION_RETRY_MS);
      await Promise.all(replicasOf(shard).map((node) => node.poll()));
    }
    return freshness;
  }

  private async readPrimary<T>(
    shard: Shard,
    shardName: string,
    tenant: string,
    freshness: Freshness,
    tried: ReadonlySet<DatabaseNode>,
    fn: (scope: Scope) => Promise<T>,
  ): Promise<Answer<T>> {
    const primary = primaryOf(shard);
    if (primary && shard.primaryReads.enter()) {
      try {
        return await this.read(shard, primary, tenant, fn);
      } catch (error) {
        if (freshness.mode !== 'eventual' || classifySqlError(error) !== 'transient') throw error;
      } finally {
        shard.primaryReads.leave();
      }
    }
    if (freshness.mode !== 'eventual') {
      if (primary)
        throw new DatabaseUnavailable(
          'budget',
          `the primary of shard ${shardName} has no room for more reads`,
        );
      throw freshness.mode === 'strong'
        ? new DatabaseUnavailable('no_primary', `shard ${shardName} has no primary now`)
        : new DatabaseUnavailable(
            'position',
            `no replica of shard ${shardName} has reached the position, and it has no primary`,
          );
    }
    const freshest = replicasOf(shard)
      .filter((node) => !tried.has(node))
      .sort((a, b) => this.lagOf(shard, a) - this.lagOf(shard, b))[0];
    if (!freshest) throw new DatabaseUnavailable('no_replica', `no node of shard ${shardName} can answer`);
    return this.read(shard, freshest, tenant, fn);
  }

  private async read<T>(
    shard: Shard,
    node: DatabaseNode,
    tenant: string,
    fn: (scope: Scope) => Promise<T>,
  ): Promise<Answer<T>> {
    const servedBy = node.role === 'primary' ? 'primary' : (`replica-${shard.nodes.indexOf(node)}` as const);
    const lagMs = node.role === 'primary' ? 0 : this.lagOf(shard, node);
    const value = await withScope(node, READ_DEADLINE_MS, async (scope) => {
      await scope.query('BEGIN READ ONLY');
      try {
        await scope.query(`SELECT set_config('app.tenant', $1, true)`, [tenant]);
        return await fn(scope);
      } finally {
        await scope.query('COMMIT').catch(() => undefined);
      }
    }).catch((cause: unknown) => {
      if (cause instanceof DatabaseUnavailable || classifySqlError(cause) !== 'transient') throw cause;
      throw new DatabaseUnavailable('connection', `${node.options.name} failed while it answered`, { cause });
    });
    meters().routerReads.add(1, { served_by: servedBy });
    return { value, servedBy, lagMs };
  }

  private pick(
    shard: Shard,
    freshness: Freshness,
    except?: ReadonlySet<DatabaseNode>,
  ): DatabaseNode | undefined {
    const candidates = replicasOf(shard)
      .filter((node) => !except?.has(node))
      .map((node) => ({
        node,
        position: node.position,
        lagMs: this.lagOf(shard, node),
        inFlight: node.inFlight,
        latencyMs: node.latencyMs,
      }));
    const position = freshness.mode === 'atLeast' ? freshness.position : undefined;
    return lessBusyOfTwo(eligible(candidates, this.options.maxLagMs, position))?.node;
  }

  private lagOf(shard: Shard, node: DatabaseNode): number {
    return node.position
      ? shard.trail.lagMs(node.position.timeline, node.position.lsn, Date.now())
      : Number.MAX_SAFE_INTEGER;
  }

  private async keepPolling(shard: Shard, node: DatabaseNode): Promise<void> {
    let before = node.role;
    while (!this.stopped) {
      await node.poll();
      if (node.role === 'primary' && node.position)
        shard.trail.record(node.position.timeline, node.position.lsn, Date.now());
      if (node.role !== before) {
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

/** The primary; when two servers claim to be one, the later timeline is right. */
function primaryOf(shard: Shard): DatabaseNode | undefined {
  return shard.nodes
    .filter((node) => node.role === 'primary')
    .sort((a, b) => (b.position?.timeline ?? 0) - (a.position?.timeline ?? 0))[0];
}

const replicasOf = (shard: Shard): DatabaseNode[] => shard.nodes.filter((node) => node.role === 'replica');

/** True when the primary, asked afresh, has never been at `position`. */
async function isBeyond(primary: DatabaseNode | undefined, position: Position): Promise<boolean> {
  await primary?.poll();
  const at = primary?.role === 'primary' ? primary.position : undefined;
  return at !== undefined && at.timeline === position.timeline && at.lsn < position.lsn;
}
