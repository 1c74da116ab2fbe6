/**
 * The read-only door: what a service that must not change data may see of the databases. Its role in
 * Postgres cannot write either.
 */
import type { Position } from '@spillway/contracts';
import type { Freshness } from './freshness.js';
import type { ReadScope } from './read/read-scope.js';
import type { Answer } from './replica-read.js';
import { Router, type RouterOptions } from './router.js';

export { classifySqlError, DatabaseUnavailable } from './database-error.js';
export { CommandOutcomeEntity, type StoredOutcome } from './entities/command-outcome.entity.js';
export { DeadLetterActionEntity } from './entities/dead-letter-action.entity.js';
export { DeadLetterEntity } from './entities/dead-letter.entity.js';
export { FeedCursorEntity } from './entities/feed-cursor.entity.js';
export { FeedTimelineEntity } from './entities/feed-timeline.entity.js';
export { PostEntity } from './entities/post.entity.js';
export { PostChangeEntity } from './entities/post-change.entity.js';
export { RepliesHourlyEntity } from './entities/replies-hourly.entity.js';
export { ReplyCountEntity } from './entities/reply-count.entity.js';
export { StatsHourlyEntity } from './entities/stats-hourly.entity.js';
export { StatsTotalsEntity } from './entities/stats-totals.entity.js';
export { TagCountEntity } from './entities/tag-count.entity.js';
export { RevokedTokenEntity } from './entities/revoked-token.entity.js';
export { atLeast, EVENTUAL, STRONG, type Freshness } from './freshness.js';
export { readProbe } from './probes.js';
export type { ReadScope } from './read/read-scope.js';
export type { Answer } from './replica-read.js';
export { shardNodes, type ShardNodes } from './shard-nodes.js';

/** Reads of one tenant, from a node that is fresh enough. */
export class ReadRouter {
  private constructor(private readonly router: Router) {}

  static open(options: RouterOptions): ReadRouter {
    return new ReadRouter(Router.open(options));
  }

  get canRead(): boolean {
    return this.router.canRead;
  }

  /** Seconds that each replica is behind. */
  get replicaLags(): Router['replicaLags'] {
    return this.router.replicaLags;
  }

  /** Where the shard's primary is as last polled; undefined while there is none. */
  primaryPosition(shard: string): Position | undefined {
    return this.router.primaryPosition(shard);
  }

  /** The same, asked now. */
  askPrimaryPosition(shard: string): Promise<Position | undefined> {
    return this.router.askPrimaryPosition(shard);
  }

  /** @throws DatabaseUnavailable when no node may answer. */
  read<T>(
    shard: string,
    tenant: string,
    freshness: Freshness,
    fn: (scope: ReadScope) => Promise<T>,
  ): Promise<Answer<T>> {
    return this.router.onReplica(shard, tenant, freshness, fn);
  }

  close(): Promise<void> {
    return this.router.close();
  }
}
