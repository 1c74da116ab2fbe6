import type { Position } from '@spillway/contracts';
import type { SigningKeys, ShardDirectory } from '@spillway/contracts/server';
import { issueConsistencyToken, readConsistencyToken, processClock } from '@spillway/contracts/server';
import {
  atLeast,
  DatabaseUnavailable,
  EVENTUAL,
  STRONG,
  type Answer,
  type Freshness,
  type ReadRouter,
  type ReadScope,
} from '@spillway/database/read';
import { ProblemError } from '@spillway/http';

const RETRY_AFTER_SECONDS = 1;

/** Reads for a tenant: its shard, how fresh the request wants the answer, and what failures mean to a client. */
export class TenantReads {
  constructor(
    private readonly router: Pick<ReadRouter, 'read'>,
    private readonly directory: ShardDirectory,
    private readonly keys: SigningKeys,
  ) {}

  shardOf(tenant: string): string {
    return this.directory.shardOf(tenant);
  }

  /**
   * What a `Consistency-Token` header asks for, and never less than the page before had. A token of another
   * shard asks for the primary: its position means nothing here. One that is forged or expired asks for
   * nothing.
   */
  freshnessOf(tenant: string, token: string | undefined, pageBefore?: Position): Freshness {
    const position = token === undefined ? null : readConsistencyToken(this.keys, token, processClock.now());
    if (!position) return pageBefore ? atLeast(pageBefore) : EVENTUAL;
    if (position.shard !== this.shardOf(tenant)) return STRONG;
    const comparable = position.timeline === pageBefore?.timeline && position.shard === pageBefore.shard;
    return atLeast(comparable && position.lsn < pageBefore.lsn ? pageBefore : position);
  }

  /** A token for reads that shall contain everything up to a position. */
  tokenOf(position: Position): string {
    return issueConsistencyToken(this.keys, position, processClock.now());
  }

  /** @throws ProblemError (503) when no database may answer now. */
  async read<T>(
    tenant: string,
    freshness: Freshness,
    fn: (scope: ReadScope) => Promise<T>,
  ): Promise<Answer<T>> {
    try {
      return await this.router.read(this.shardOf(tenant), tenant, freshness, fn);
    } catch (error) {
      throw unavailable(error, freshness);
    }
  }
}

function unavailable(error: unknown, freshness: Freshness): unknown {
  if (!(error instanceof DatabaseUnavailable)) return error;
  // A statement that is given up for its length says nothing of positions.
  const tooFresh = freshness.mode === 'atLeast' && error.why !== 'too_slow';
  return new ProblemError(
    tooFresh ? 'consistency_unavailable' : 'database_unavailable',
    tooFresh
      ? 'No database that may answer has reached the position of the Consistency-Token. Send the request again after Retry-After, or without the token for an older answer.'
      : 'No database can answer now. Send the request again after Retry-After.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error },
  );
}
