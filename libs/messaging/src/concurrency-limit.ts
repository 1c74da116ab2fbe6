import { LatencyWindow } from './latency-window.js';

export interface ConcurrencyLimitOptions {
  /** The limit is never higher. */
  readonly max: number;
  /** Where the limit begins. */
  readonly start?: number;
  /** The limit is never lower, unless `max` is. */
  readonly floor?: number;
  /** A median latency up to this is never a reason to shrink, however fast the broker was before. Milliseconds. */
  readonly alwaysFineMs?: number;
  /** A median latency beyond this is always too slow, however slow the broker was before. Milliseconds. */
  readonly neverFineMs: number;
}

const FLOOR = 16;
const START = 4096;
const ALWAYS_FINE_MS = 200;
/** The median may be this many times the baseline: a broker that syncs in groups is slower and better when full. */
const TOLERANCE = 3;
const GROWTH = 1.25;
/** How far one window may shrink the limit, and how far one that follows another slow one may. */
const SHRINK_FIRST = 0.5;
const SHRINK_AGAIN = 0.1;
/** At the floor, how often more is tried, and how much more must come of twice as many under way. */
const PROBE_EVERY_MS = 5_000;
const PROBE_PAYS = 1.5;
/** A window ends after this time with enough samples, or after `WINDOW_MAX_MS` with any. */
const WINDOW_MIN_MS = 100;
const WINDOW_MAX_MS = 1_000;
const WINDOW_SAMPLES = 10;

/**
 * How many posts may wait for the broker at once, from how long it takes to confirm their messages.
 *
 * A gradient limit as in Netflix' concurrency-limits (Gradient2), with four differences that a broker
 * with group commit asks for. The sample is the median of a window at least one round trip long, so that
 * one slow sync, which delays everything in flight once, costs at most one halving. The tolerated latency
 * has an absolute lower bound, since a broker at its best throughput is many times slower than an idle
 * one; and an upper bound that follows from the deadline, since what is confirmed after it was sent for
 * nothing. The baseline is a long-term minimum that rises only where the latency cannot be our own queue:
 * while less than half of the limit is used. And at the floor, where a longer way to the broker and a narrow
 * one look alike, twice as much is tried for a moment: on a longer way twice as much arrives, and its latency
 * is the new baseline; on a narrow one nothing is gained, and the limit stays. It grows only while it is used.
 *
 * Nothing is allocated and no timer runs: `confirmed` does all the work. Times are milliseconds of any
 * monotonic clock.
 */
export class ConcurrencyLimit {
  private readonly max: number;
  private readonly floor: number;
  private readonly alwaysFineMs: number;
  private readonly neverFineMs: number;
  private readonly window = new LatencyWindow();
  private current: number;
  private baselineMs = Infinity;
  private slowBefore = false;
  private startedAt = -Infinity;
  private lengthMs = WINDOW_MIN_MS;
  private mostOutstanding = 0;
  private delivered = 0;
  private probe: { readonly rate: number; windows: number } | undefined;
  private probeAt = -Infinity;

  constructor({
    max,
    start = START,
    floor = FLOOR,
    alwaysFineMs = ALWAYS_FINE_MS,
    neverFineMs,
  }: ConcurrencyLimitOptions) {
    this.max = max;
    this.floor = Math.min(floor, max);
    this.alwaysFineMs = Math.min(alwaysFineMs, neverFineMs);
    this.neverFineMs = neverFineMs;
    this.current = Math.max(this.floor, Math.min(start, max));
  }

  /** Posts that may be outstanding now, between the floor and the maximum. */
  get limit(): number {
    return Math.floor(this.current);
  }

  /** The median latency above which the limit shrinks. */
  get targetMs(): number {
    const relative = this.baselineMs === Infinity ? 0 : this.baselineMs * TOLERANCE;
    return Math.min(this.neverFineMs, Math.max(this.alwaysFineMs, relative));
  }

  /** A message of `posts` was confirmed, `latencyMs` after it was sent, with `outstanding` posts waiting. */
  confirmed(now: number, latencyMs: number, outstanding: number, posts = 1): void {
    if (this.startedAt === -Infinity) this.startedAt = now;
    this.window.add(latencyMs);
    this.delivered += posts;
    if (outstanding > this.mostOutstanding) this.mostOutstanding = outstanding;
    const elapsed = now - this.startedAt;
    const due = this.window.samples >= WINDOW_SAMPLES ? elapsed >= this.lengthMs : elapsed >= WINDOW_MAX_MS;
    if (due) this.adapt(now);
  }

  private adapt(now: number): void {
    const median = this.window.median();
    const slow = median > this.targetMs;
    const rate = this.delivered / Math.max(1, now - this.startedAt);
    if (this.probe) this.endProbe(this.probe, now, median, rate);
    else if (slow && this.current <= this.floor && now >= this.probeAt) {
      this.probe = { rate, windows: 0 };
      this.current = Math.min(this.max, 2 * this.floor);
    } else if (slow) {
      const least = this.slowBefore ? SHRINK_AGAIN : SHRINK_FIRST;
      this.current = Math.max(this.floor, this.current * Math.max(least, this.targetMs / median));
    } else if (this.mostOutstanding >= this.current / 2) {
      this.current = Math.min(this.max, this.current * GROWTH + 1);
    }
    if (median < this.baselineMs) this.baselineMs = median;
    else if (!this.probe && this.mostOutstanding < this.current / 2)
      this.baselineMs += (median - this.baselineMs) / 10;
    this.slowBefore = slow;
    this.lengthMs = Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, median));
    this.startedAt = now;
    this.mostOutstanding = 0;
    this.delivered = 0;
    this.window.clear();
  }

  /** The first window still confirms what was sent before the probe; the second tells. */
  private endProbe(probe: NonNullable<typeof this.probe>, now: number, median: number, rate: number): void {
    if (++probe.windows < 2) return;
    this.probe = undefined;
    if (rate >= probe.rate * PROBE_PAYS) {
      this.baselineMs = median;
      return;
    }
    this.current = this.floor;
    this.probeAt = now + PROBE_EVERY_MS;
  }
}
