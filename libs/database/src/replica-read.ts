import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '@spillway/contracts';
import { meters } from '@spillway/telemetry';
import { classifySqlError, DatabaseUnavailable, sqlState } from './database-error.js';
import { EVENTUAL, type Freshness } from './freshness.js';
import type { DatabaseNode } from './node.js';
import { withReadScope, type ReadScope } from './read/read-scope.js';
import type { Shard } from './shard.js';

/** An answer and where it came from. */
export interface Answer<T> {
  readonly value: T;
  readonly servedBy: 'primary' | `replica-${number}`;
  readonly lagMs: number;
  /** True when only a replica that is too far behind was left. */
  readonly stale: boolean;
}

const POSITION_WAIT_MS = 40;
const REPLICA_TRIES = 2;
/** All attempts of one read together. */
const READ_DEADLINE_MS = 5_000;
/** One attempt on a replica: no longer than the role's `statement_timeout`, so that another can follow. */
const REPLICA_DEADLINE_MS = 3_000;
/** A conflict with replay is nobody's fault: the same node may well answer the next time. */
const CONFLICTS: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);
const CANCELLED = '57014';

/** One read with its attempts: replicas that are fresh enough, the primary inside its budget, what is left. */
export class ReplicaRead<T> {
  private readonly tried = new Set<DatabaseNode>();
  private readonly broken = new Set<DatabaseNode>();
  private readonly endsAt = performance.now() + READ_DEADLINE_MS;

  constructor(
    private readonly shard: Shard,
    private readonly tenant: string,
    private readonly fn: (scope: ReadScope) => Promise<T>,
  ) {}

  /** @throws DatabaseUnavailable when no node may answer. */
  async run(freshness: Freshness): Promise<Answer<T>> {
    const wanted = freshness.mode === 'strong' ? undefined : await this.reachable(freshness);
    while (wanted && this.tried.size < REPLICA_TRIES) {
      const node = this.shard.pick(wanted, this.tried);
      if (!node) break;
      this.tried.add(node);
      try {
        return await this.attempt(node, 'replica', REPLICA_DEADLINE_MS);
      } catch (error) {
        if (!mayTryAgain(error)) throw error;
      }
    }
    return this.withoutReplica(wanted ?? freshness);
  }

  /**
   * Waits shortly for a replica to reach the position; a position that no longer exists asks for nothing.
   * @throws DatabaseUnavailable when the position is of a timeline that no node is known to be on yet.
   */
  private async reachable(freshness: Freshness): Promise<Freshness | undefined> {
    if (freshness.mode !== 'atLeast') return freshness;
    const { shard } = this;
    const { position } = freshness;
    if (isBefore(this.timeline, position.timeline)) await this.meetTimeline(position);
    if (isBefore(position.timeline, this.timeline)) return undefined;
    const until = performance.now() + POSITION_WAIT_MS;
    while (shard.pick(freshness) === undefined) {
      // Without a replica there is nothing to wait for, and nothing that would let others have a turn.
      const hopeless = shard.replicas.length === 0;
      if (hopeless || performance.now() >= until)
        return (await shard.isBeyond(position)) ? EVENTUAL : freshness;
      // A replica that says nothing must not hold the others up.
      await Promise.race([shard.refreshReplicas(), delay(POSITION_WAIT_MS)]);
    }
    return freshness;
  }

  /** The timeline of the primary as far as it is known. */
  private get timeline(): number | undefined {
    return this.shard.primary?.position?.timeline;
  }

  /** Whoever wrote it knows of a promotion of which this process has not heard. */
  private async meetTimeline({ timeline }: Position): Promise<void> {
    const { shard } = this;
    await Promise.race([shard.refresh(), delay(POSITION_WAIT_MS)]);
    if (isBefore(this.timeline, timeline))
      throw new DatabaseUnavailable(
        'position',
        `shard ${shard.name} has no primary of timeline ${timeline} that is known here`,
      );
  }

  private async withoutReplica(freshness: Freshness): Promise<Answer<T>> {
    const { shard } = this;
    const { primary } = shard;
    if (primary?.breaker.allows && (await shard.primaryReads.enter())) {
      try {
        return await this.attempt(primary, 'primary', READ_DEADLINE_MS);
      } catch (error) {
        if (freshness.mode !== 'eventual' || !mayTryAgain(error)) throw error;
      } finally {
        shard.primaryReads.leave();
      }
    }
    if (freshness.mode !== 'eventual') throw this.refusal(freshness, primary);
    const freshest = shard.freshest(this.broken);
    if (!freshest) throw new DatabaseUnavailable('no_replica', `no node of shard ${shard.name} can answer`);
    return this.attempt(freshest, 'replica', REPLICA_DEADLINE_MS);
  }

  private refusal(freshness: Freshness, primary: DatabaseNode | undefined): DatabaseUnavailable {
    const name = `shard ${this.shard.name}`;
    if (primary)
      return new DatabaseUnavailable('budget', `the primary of ${name} has no room for more reads`);
    return freshness.mode === 'strong'
      ? new DatabaseUnavailable('no_primary', `${name} has no primary now`)
      : new DatabaseUnavailable(
          'position',
          `no replica of ${name} has reached the position, and it has no primary`,
        );
  }

  private async attempt(
    node: DatabaseNode,
    as: 'primary' | 'replica',
    deadlineMs: number,
  ): Promise<Answer<T>> {
    const { shard } = this;
    const leftMs = this.endsAt - performance.now();
    if (leftMs <= 0)
      throw new DatabaseUnavailable('timeout', `no node of shard ${shard.name} answered in time`);
    const servedBy = shard.labelOf(node, as);
    const lagMs = shard.lagOf(node, as);
    node.breaker.sent();
    try {
      const value = await withReadScope(node, as, this.tenant, Math.min(deadlineMs, leftMs), this.fn);
      node.breaker.succeeded();
      meters().routerReads.add(1, { served_by: servedBy });
      return { value, servedBy, lagMs, stale: lagMs > shard.maxLagMs };
    } catch (error) {
      throw this.sorted(node, error);
    }
  }

  /** What a failure means for the node, and for whoever asked. */
  private sorted(node: DatabaseNode, cause: unknown): unknown {
    if (classifySqlError(cause) !== 'transient') return cause;
    const state = sqlState(cause);
    if (state === CANCELLED)
      return new DatabaseUnavailable('too_slow', `${node.options.name} gave the statement up`, { cause });
    if (!CONFLICTS.has(state)) {
      this.broken.add(node);
      node.breaker.failed();
    }
    if (cause instanceof DatabaseUnavailable) return cause;
    return new DatabaseUnavailable('connection', `${node.options.name} failed while it answered`, { cause });
  }
}

/** A statement that was too slow on one node would be so on the next, and then cost the primary. */
const mayTryAgain = (error: unknown): boolean =>
  error instanceof DatabaseUnavailable && error.why !== 'too_slow';

/** Of timelines that are known. */
const isBefore = (one: number | undefined, other: number | undefined): boolean =>
  one !== undefined && other !== undefined && one < other;
