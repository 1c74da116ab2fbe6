import type { ResultEntry } from '@spillway/cache';
import type { Position } from '@spillway/contracts';
import type { BatchEntry, Outcome } from '@spillway/messaging';
import { detailOf, refOf } from './outcome.store.js';

const COMPLETED: ReadonlySet<Outcome['result']> = new Set(['committed', 'superseded', 'alias']);

/** What polling clients may be told of these outcomes; parked commands have no result yet. */
export function resultsOf(
  entries: readonly BatchEntry[],
  outcomes: readonly Outcome[],
  position: Position | undefined,
  now: number,
): ResultEntry[] {
  return entries.flatMap((entry, index): ResultEntry[] => {
    const ref = refOf(entry);
    const outcome = outcomes[index];
    if (!ref || !outcome) return [];
    const { tenantId, commandId } = ref;
    if (outcome.result === 'rejected') {
      return [
        {
          tenantId,
          commandId,
          result: { ended: 'failed', at: now, code: outcome.code, detail: detailOf(outcome.code) },
        },
      ];
    }
    // A duplicate was told before; told again it would seem to have ended now.
    if (!position || !COMPLETED.has(outcome.result)) return [];
    const traceparent = entry.decoded.as === 'valid' ? entry.decoded.command.traceparent : undefined;
    const traceId = traceparent?.split('-')[1];
    return [
      {
        tenantId,
        commandId,
        result: {
          ended: 'completed',
          at: now,
          position,
          ...(traceId ? { traceId } : {}),
          ...(outcome.result === 'superseded' ? { superseded: true } : {}),
          ...(outcome.result === 'alias' ? { postId: outcome.postId } : {}),
        },
      },
    ];
  });
}
