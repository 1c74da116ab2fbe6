import type { Scope } from '@spillway/database';

/** Whole transactions of the feed: those with `from` ≤ xid < `to`. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/** Something derived from the feed, with a cursor of its own. */
export interface Derivation {
  readonly cursor: 'counts' | 'search';
  /** While a backlog waits to be committed, it is put off until it is this many seconds behind. */
  readonly putOffSeconds: number;
  /** Rows of the feed in one step; a transaction is never divided, so a step of one may be larger. */
  readonly rowsAtOnce: number;
  /** Carries a stretch over, in the transaction that moves the cursor. */
  derive(scope: Scope, stretch: Stretch): Promise<void>;
}
