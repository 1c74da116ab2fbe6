import type { ErrorCode } from '@spillway/contracts';

/**
 * How a command ended. `early` is an edit or a deletion that came before its post: it goes round once more.
 * Handlers return these as values; only `settle` decides what the broker is told.
 * `unavailable` means that nothing is known to have happened: the batch is held and tried again.
 */
export type Outcome =
  | { readonly result: 'committed' | 'duplicate' | 'superseded' }
  | { readonly result: 'rejected'; readonly code: ErrorCode }
  | { readonly result: 'parked'; readonly reason: string }
  | { readonly result: 'early' }
  /** The same request was carried out before, as the post given here. */
  | { readonly result: 'alias'; readonly postId: string }
  | { readonly result: 'unavailable'; readonly reason: string };

export const unavailable = (reason: string): Outcome => ({ result: 'unavailable', reason });
