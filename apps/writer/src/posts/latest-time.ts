import { processClock } from '@spillway/contracts/server';

/** By as much the writer's clock is believed when it is ahead of the database's: that may have been set back. */
const BELIEVED_AHEAD_MS = 24 * 3600_000;

/** Unix milliseconds by the clock that is ahead, the database's or this process', so that one set back parks nothing. */
export const latestTime = (databaseMs: number, ownMs: number = processClock.now()): number =>
  Math.max(databaseMs, Math.min(ownMs, databaseMs + BELIEVED_AHEAD_MS));
