import type { BatchResults, Result, ResultEntry } from '@spillway/cache';
import type { Position } from '@spillway/contracts';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import { commandKey, detailOf, refOf } from './outcome.store.js';

interface Ended {
  readonly outcomes: readonly Outcome[];
  /** Keys of the commands whose outcome was recorded now, and did not stand before. */
  readonly recorded: ReadonlySet<string>;
  readonly position?: Position;
}

const UNSETTLED: ReadonlySet<Outcome['result']> = new Set(['early', 'unavailable']);

/**
 * What clients that poll and wait may be told of these outcomes. Of what had ended before there is no
 * entry: told again it would seem to have ended now. Parked commands have no result yet.
 */
export function resultsOf(
  shard: string,
  entries: readonly BatchEntry[],
  { outcomes, recorded, position }: Ended,
  now: number,
): BatchResults {
  const told: ResultEntry[] = [];
  const changed = new Set<string>();
  entries.forEach((entry, index) => {
    const ref = refOf(entry);
    const outcome = outcomes[index];
    if (!ref || !outcome || UNSETTLED.has(outcome.result)) return;
    const { tenantId, commandId } = ref;
    changed.add(commandId);
    const create = entry.decoded.as === 'valid' && entry.decoded.command.kind === 'post.create';
    // What a create committed is told by its row, and nothing is recorded.
    const isNew = recorded.has(commandKey(tenantId, commandId)) || (create && outcome.result === 'committed');
    const result = isNew ? resultOf(entry, outcome, position, now) : null;
    if (result) told.push({ tenantId, commandId, result });
  });
  return { shard, entries: told, changed };
}

function resultOf(
  entry: BatchEntry,
  outcome: Outcome,
  position: Position | undefined,
  now: number,
): Result | null {
  if (outcome.result === 'rejected') {
    return { ended: 'failed', at: now, code: outcome.code, detail: detailOf(outcome.code) };
  }
  const completed =
    outcome.result === 'committed' || outcome.result === 'superseded' || outcome.result === 'alias';
  if (!completed || !position) return null;
  const traceparent = entry.decoded.as === 'valid' ? entry.decoded.command.traceparent : undefined;
  const traceId = traceparent?.split('-')[1];
  return {
    ended: 'completed',
    at: now,
    position,
    ...(traceId ? { traceId } : {}),
    ...(outcome.result === 'superseded' ? { superseded: true } : {}),
    ...(outcome.result === 'alias' ? { postId: outcome.postId } : {}),
  };
}
