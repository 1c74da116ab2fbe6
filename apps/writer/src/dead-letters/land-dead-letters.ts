import { classifySqlError, type Router } from '@spillway/database';
import { unavailable, type Batch, type BatchEntry, type Outcome } from '@spillway/messaging';
import type { ShardDirectory } from '@spillway/contracts/server';
import type { Events } from '../events.js';
import { startBatchTrace } from '../posts/batch-trace.js';
import { keepDeadLetters, recordOutcomes, refOf } from '../posts/outcome.store.js';

/**
 * Moves what the broker gave up on into the table `dead_letters` of the tenant's shard: the queue is
 * only a landing. The commands are parked, not failed: somebody may replay them.
 */
export class DeadLetterLanding {
  constructor(
    private readonly router: Router,
    private readonly directory: ShardDirectory,
    private readonly events: Events,
  ) {}

  /** One outcome an entry. Never throws: what the database cannot do now is `unavailable`. */
  async land(batch: Batch): Promise<readonly Outcome[]> {
    const trace = startBatchTrace(batch);
    const outcomes = await trace.run(() => this.park(batch));
    trace.end(outcomes);
    return outcomes;
  }

  private async park(batch: Batch): Promise<readonly Outcome[]> {
    const outcomes = new Map<BatchEntry, Outcome>();
    for (const [shard, entries] of this.byShard(batch.entries)) {
      const parked = entries.map((entry): Outcome => ({
        result: 'parked',
        reason: entry.death?.reason ?? 'dead_lettered',
      }));
      try {
        await this.router.onPrimary(shard, (scope) =>
          scope.transaction(async () => {
            await recordOutcomes(scope, entries, parked);
            await keepDeadLetters(
              scope,
              entries.map((entry) => ({ entry, reason: entry.death?.reason ?? 'dead_lettered' })),
            );
          }),
        );
        entries.forEach((entry, index) => outcomes.set(entry, parked[index] ?? unavailable('no outcome')));
        this.events.deadLettersLanded(shard, entries.length);
      } catch (error) {
        this.events.batchHeld(shard, batch, classifySqlError(error), error);
      }
    }
    return batch.entries.map((entry) => outcomes.get(entry) ?? unavailable('database'));
  }

  private byShard(entries: readonly BatchEntry[]): Map<string, BatchEntry[]> {
    const groups = new Map<string, BatchEntry[]>();
    const [firstShard = ''] = this.directory.shards;
    for (const entry of entries) {
      const ref = refOf(entry);
      const shard = ref ? this.directory.shardOf(ref.tenantId) : firstShard;
      groups.set(shard, [...(groups.get(shard) ?? []), entry]);
    }
    return groups;
  }
}
