import type { TimelineWait, WaitFor } from '@spillway/contracts';
import type { Span } from './find-facts.js';

/** Unix milliseconds. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** Writers say every two seconds that they are at work: less than this is no absence. */
const SEEN_EVERY_MS = 5_000;
/** What is shorter tells nobody anything. */
const LEAST_MS = 100;

/**
 * What a command in the queue waited for, piece by piece: a database that took nothing, since a writer held its
 * batch; no writer at work; or else those before it.
 */
export function queueWaits(queued: Interval, held: readonly Span[], runs: readonly Span[]): TimelineWait[] {
  const database = held.map(intervalOf);
  const written = runs.map(intervalOf).map(({ from, until }) => ({ from, until: until + SEEN_EVERY_MS }));
  const edges = [...database, ...written].flatMap(({ from, until }) => [from, until]);
  const inside = edges.filter((at) => at > queued.from && at < queued.until);
  const times = [...new Set([queued.from, ...inside, queued.until])].sort((a, b) => a - b);
  const pieces: { for: WaitFor; from: number; until: number }[] = [];
  times.slice(1).forEach((until, place) => {
    const from = times[place] ?? until;
    const why = covers(database, from, until)
      ? 'database'
      : covers(written, from, until)
        ? 'backlog'
        : 'no_writer';
    const last = pieces.at(-1);
    if (last?.for === why) last.until = until;
    else pieces.push({ for: why, from, until });
  });
  return pieces
    .filter(({ from, until }) => until - from >= LEAST_MS)
    .map(({ for: why, from, until }) => ({ for: why, from: iso(from), until: iso(until) }));
}

const intervalOf = ({ from, until }: Span): Interval => ({
  from: Date.parse(from),
  until: Date.parse(until),
});

const covers = (spans: readonly Interval[], from: number, until: number): boolean =>
  spans.some((span) => span.from <= from && span.until >= until);

export const iso = (at: number): string => new Date(at).toISOString();
