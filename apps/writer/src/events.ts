import type { Batch } from '@spillway/messaging';
import { reasonOf, type Logger } from '@spillway/telemetry';
import type { CommandRef } from './posts/outcome.store.js';

/** What the writer tells operators, one function an event. */
export class Events {
  constructor(private readonly logger: Logger) {}

  started(shards: readonly string[]): void {
    this.logger.info({ shards }, 'writer started');
  }

  batchHeld(shard: string, batch: Batch, failure: string, error: unknown): void {
    const fields = {
      shard,
      queue: batch.queue,
      commands: batch.entries.length,
      attempt: batch.attempt,
      failure,
      reason: reasonOf(error),
    };
    if (failure === 'other')
      this.logger.error(
        fields,
        'a batch cannot be committed: this needs a person; nothing is acked meanwhile',
      );
    else this.logger.warn(fields, 'a batch is held and tried again');
  }

  commandRejected(ref: CommandRef | null, sqlState: string | undefined): void {
    this.logger.warn(
      { commandId: ref?.commandId, tenant: ref?.tenantId, sqlState },
      'the database refused the data of a command',
    );
  }

  deadLettersLanded(shard: string, count: number): void {
    this.logger.error(
      { shard, count },
      'commands were dead-lettered and are parked in the table dead_letters',
    );
  }

  partitionsLate(shard: string, error: unknown): void {
    this.logger.error(
      { shard, reason: reasonOf(error) },
      'partitions for the coming months could not be made',
    );
  }

  partitionsFew(shard: string, months: number): void {
    this.logger.error({ shard, months }, 'only so many coming months have partitions');
  }

  feedPurgeLate(shard: string, error: unknown): void {
    this.logger.warn(
      { shard, reason: reasonOf(error) },
      'the change feed could not be purged, trying again in ten minutes',
    );
  }

  purgeLate(shard: string, error: unknown): void {
    this.logger.warn(
      { shard, reason: reasonOf(error) },
      'old idempotency keys could not be deleted, trying again in a minute',
    );
  }

  revocationsLate(shard: string, error: unknown): void {
    this.logger.error(
      { shard, reason: reasonOf(error) },
      'revoked tokens could not be read: Redis is not written again after a loss, trying each second',
    );
  }

  feedLate(shard: string, error: unknown): void {
    this.logger.warn(
      { shard, reason: reasonOf(error) },
      'the change feed cannot be followed now: search and counts stand still; trying again each second',
    );
  }

  ledgerLate(shard: string, error: unknown): void {
    this.logger.warn(
      { shard, reason: reasonOf(error) },
      'the ledger could not be brought up to date, trying again in two seconds',
    );
  }

  replayLate(shard: string, error: unknown): void {
    this.logger.warn(
      { shard, reason: reasonOf(error) },
      'a dead letter could not be replayed now, trying again',
    );
  }
}
