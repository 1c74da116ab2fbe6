import { uuidV7Floor, uuidV7Time } from '@spillway/contracts';
import type { IdRange, PostFilter } from './post-filter.js';

const DAY_MS = 24 * 3600_000;
/** Together with the day ahead it is in two partitions at most. */
const FIRST_WINDOW_MS = 26 * DAY_MS;
/** No post is stored whose id lies further ahead of the databases' clock than a minute; ours may be wrong. */
const AHEAD_MS = DAY_MS;
const OLDEST_ID = '00000000-0000-0000-0000-000000000000';
/**
 * The id ranges to ask, newest first: one that touches two partitions at most, then the rest. `before` is
 * the id below which to look, `now` Unix milliseconds.
 */
export function windowsOf(
  filter: Pick<PostFilter, 'sinceMs' | 'untilMs'>,
  before: string | undefined,
  now: number,
): readonly IdRange[] {
  let high = uuidV7Floor(Math.min(now + AHEAD_MS, filter.untilMs ?? Infinity));
  if (before !== undefined && before < high) high = before;
  const low = filter.sinceMs === undefined ? OLDEST_ID : uuidV7Floor(filter.sinceMs);
  const recent = uuidV7Floor(Math.min(now, uuidV7Time(high)) - FIRST_WINDOW_MS);
  const split = recent > low ? recent : low;
  return [
    { low: split, high },
    { low, high: split },
  ].filter((range) => range.low < range.high);
}
