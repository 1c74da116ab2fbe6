import type { History } from './history.js';

const WINDOW_MS = 2_000;

/** The accepted rate must come back to this share of what it was. */
export const RECOVERED_SHARE = 0.9;

/**
 * Milliseconds from `healedAt` until the accepted rate was back: the beginning of the first window of two
 * seconds with 90 % of `formerRate`. Null while there is none before `until`.
 */
export function timeToRecover(
  history: History,
  formerRate: number,
  healedAt: number,
  until: number,
): number | null {
  for (let from = healedAt; from + WINDOW_MS <= until; from += 100) {
    if (history.acceptedRate(from, from + WINDOW_MS) >= formerRate * RECOVERED_SHARE) return from - healedAt;
  }
  return null;
}
