export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Between attempts of one request. */
export const REQUEST_BACKOFF: Backoff = { firstMs: 50, maxMs: 2_000 };
/** Between looks at a job: a commit takes some tens of milliseconds when nothing is in the way. */
export const JOB_BACKOFF: Backoff = { firstMs: 20, maxMs: 1_000 };

/**
 * How long to wait after the `attempt`-th try (from 0): doubling, with the upper half random, so that
 * clients which failed together do not come back together.
 */
export function backoffMs(
  attempt: number,
  { firstMs, maxMs }: Backoff,
  random: number = Math.random(),
): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}

/**
 * How long to wait when the service has named a time: never less than that, and up to a quarter more,
 * at least 50 ms, so that all who were told the same do not return in one instant.
 */
export const askedWaitMs = (retryAfterMs: number, random: number = Math.random()): number =>
  retryAfterMs + Math.max(50, retryAfterMs / 4) * random;
