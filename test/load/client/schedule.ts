import { setTimeout as delay } from 'node:timers/promises';

/** A grid of due times: what is due between two of its points goes out together. */
const TICK_MS = 1;

export interface Schedule {
  /** Times of `performance.now()`. */
  readonly startedAt: number;
  readonly endsAt: number;
  /** Events a second. */
  readonly rate: number;
}

/**
 * Calls `offer` with the time at which each event is due, whatever became of the former ones. A late tick offers
 * what was missed under the time it was due, so that no delay of our own is left out of a latency.
 */
export async function onSchedule(
  { startedAt, endsAt, rate }: Schedule,
  offer: (dueAt: number) => void,
): Promise<void> {
  let scheduled = 0;
  for (let tick = 1; ; tick++) {
    const tickAt = startedAt + tick * TICK_MS;
    if (tickAt >= endsAt) return;
    const now = performance.now();
    if (tickAt > now) await delay(tickAt - now);
    for (const until = ((tickAt - startedAt) * rate) / 1000; scheduled < until; scheduled++) offer(tickAt);
  }
}
