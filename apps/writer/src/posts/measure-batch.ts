import type { Batch, Outcome } from '@spillway/messaging';
import { meters } from '@spillway/telemetry';

/** Counts how the commands of a batch ended and how long after their acceptance. */
export function measureBatch(batch: Batch, outcomes: readonly Outcome[], now: number): void {
  outcomes.forEach((outcome, index) => {
    if (outcome.result === 'rejected') meters().postsFailed.add(1, { code: outcome.code });
    if (outcome.result !== 'committed') return;
    meters().postsCommitted.add(1);
    const decoded = batch.entries[index]?.decoded;
    if (decoded?.as === 'valid')
      meters().postCommitLagSeconds.record(Math.max(0, now - decoded.command.acceptedAt) / 1000);
  });
}
