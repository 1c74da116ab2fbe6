import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { BatchResults, GenerationRaiser, Results } from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import { classifySqlError, sqlState, type Router } from '@spillway/database';
import { shardOfQueue, unavailable, type Batch, type BatchEntry, type Outcome } from '@spillway/messaging';
import type { Events } from '../events.js';
import type { Backlog } from '../feed/backlog.js';
import { addToLedger, laneOf, tally, type BatchRun } from './batch.store.js';
import type { CommitFacts } from './commit-facts.js';
import { bisect } from './bisect.js';
import { startBatchTrace } from './batch-trace.js';
import type { CommandHandlers } from './command-handler.js';
import { commitBatch } from './commit-batch.js';
import { measureBatch } from './measure-batch.js';
import { recordOutcomes, refOf } from './outcome.store.js';
import type { Partitions } from './partitions.js';
import type { RevocationMirror } from '../revocations/revocation-mirror.js';
import { resultsOf } from './results-of.js';
import { touchedPosts } from './touched-posts.js';

export interface BatchWriterParts {
  readonly router: Router;
  readonly results: Results;
  readonly handlers: CommandHandlers;
  readonly partitions: Partitions;
  readonly events: Events;
  /** Told how full batches are. */
  readonly backlog?: Pick<Backlog, 'taken'>;
  /** Outdates cached pages. */
  readonly generations?: Pick<GenerationRaiser, 'committed'>;
  /** Told of what a batch revoked before anybody hears that its commands ended. */
  readonly revocations?: Pick<RevocationMirror, 'tell'>;
  /** Told when each batch was committed, and where. */
  readonly facts?: Pick<CommitFacts, 'committed'>;
}

/**
 * Writes batches: one transaction, then the results, then (by the caller) the acks. A crash anywhere
 * means that the broker delivers again, and carrying out a command again changes nothing.
 */
export class BatchWriter {
  /** Of batches that were held, by their first entry: since when, and why the last attempt failed. */
  private readonly held = new WeakMap<BatchEntry, Pick<BatchRun, 'startedAt' | 'held'>>();

  constructor(private readonly parts: BatchWriterParts) {}

  /** One outcome an entry. Never throws: what the database cannot do now is `unavailable`. */
  async write(batch: Batch): Promise<readonly Outcome[]> {
    const shard = shardOfQueue(batch.queue);
    const trace = startBatchTrace(batch);
    const lane = laneOf(shard, batch.queue);
    this.parts.backlog?.taken(shard, lane, batch.trigger);
    const [first] = batch.entries;
    const before = (first && this.held.get(first)) ?? { startedAt: processClock.now() };
    const run: BatchRun = { lane, attempt: batch.attempt, ...before };
    try {
      const outcomes = await trace.run(() =>
        bisect(
          batch.entries,
          (entries) => this.commit(shard, entries, run),
          (error) => classifySqlError(error) === 'data',
          (entry, error) => this.reject(shard, entry, error, lane),
        ),
      );
      measureBatch(batch, outcomes, processClock.now());
      trace.end(outcomes);
      return outcomes;
    } catch (error) {
      trace.fail();
      const failure = classifySqlError(error);
      if (first) this.held.set(first, { startedAt: run.startedAt, held: failure });
      if (failure === 'partition') this.parts.partitions.forget(shard);
      this.parts.events.batchHeld(shard, batch, failure, error);
      return batch.entries.map(() => unavailable(failure));
    }
  }

  private async commit(
    shard: string,
    entries: readonly BatchEntry[],
    run: BatchRun,
  ): Promise<readonly Outcome[]> {
    await this.parts.partitions.ensure(shard, newPosts(entries), processClock.now());
    const committed = await commitBatch(this.parts.router, this.parts.handlers, shard, entries, run);
    this.parts.facts?.committed(shard, committed, processClock.now());
    this.parts.generations?.committed(committed.position, touchedPosts(entries, committed.outcomes));
    await this.parts.revocations?.tell(shard, entries, committed.outcomes);
    await this.tell(resultsOf(shard, entries, committed, processClock.now()));
    return committed.outcomes;
  }

  /** The database refused this command's data: its job fails, and the rest of the batch goes on. */
  private async reject(
    shard: string,
    entry: BatchEntry,
    error: unknown,
    lane: BatchRun['lane'],
  ): Promise<Outcome> {
    const outcome: Outcome = { result: 'rejected', code: 'data_rejected' };
    this.parts.events.commandRejected(refOf(entry), sqlState(error));
    const recorded = await this.parts.router.onPrimary(shard, (scope) =>
      scope.transaction(async () => {
        const keys = await recordOutcomes(scope, [entry], [outcome]);
        await scope.query(addToLedger(lane, tally([entry], [outcome], keys)));
        return keys;
      }),
    );
    await this.tell(resultsOf(shard, [entry], { outcomes: [outcome], recorded }, processClock.now()));
    return outcome;
  }

  /** Outside the batch's trace, or every result in it would have a span. */
  private tell(results: BatchResults): Promise<void> {
    return context.with(ROOT_CONTEXT, () => this.parts.results.put(results));
  }
}

/** The ids of posts to be stored. Anyone may name any id in an edit; without a partition it finds no post. */
const newPosts = (entries: readonly BatchEntry[]): string[] =>
  entries.flatMap(({ decoded }) =>
    decoded.as === 'valid' && decoded.command.kind === 'post.create' ? [decoded.command.postId] : [],
  );
