import { LatencyWindow } from './latency-window.js';
import { LimitProbe, type Seen } from './limit-probe.js';

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

/** A message that the broker has confirmed. */
export interface Confirmed {
  /** Milliseconds from when it was sent until its confirm was read. */
  readonly latencyMs: number;
  /** As many of them as surely passed before the confirm came; all when left out. Never more than `latencyMs`. */
  readonly provenMs?: number;
  /** Posts that waited, its own included. */
  readonly outstanding: number;
  readonly posts?: number;
  readonly bytes?: number;
}

const FLOOR = 16;
const START = 4096;
const ALWAYS_FINE_MS = 200;
/** The median may be this many times the baseline: a broker that syncs in groups is slower and better when full. */
const TOLERANCE = 3;
const GROWTH = 1.25;
/** After a probe that paid, until the first confirm that comes too late, and while twice as late would do as well. */
const GROWTH_OPENING = 2;
const FAR_FROM_SLOW = 1 / 3;
/** How far one window may shrink the limit, and how far one that follows another slow one may. */
const SHRINK_FIRST = 0.5;
const SHRINK_AGAIN = 0.1;
/** A window ends after this time with enough samples, or after `WINDOW_MAX_MS` with any. */
const WINDOW_MIN_MS = 100;
const WINDOW_MAX_MS = 1_000;
const WINDOW_SAMPLES = 10;

/**
 * How many posts may wait for the broker at once, from how long it takes to confirm their messages.
 *
 * A gradient limit as in Netflix' concurrency-limits (Gradient2), with differences that a broker with
 * group commit and a way to it that may be narrow ask for:
 *
 * - The sample is the median of a window at least one round trip long, so that one slow sync, which delays
 *   everything in flight once, costs at most one halving.
 * - What counts against the broker is the latency that is proven: a process that has too much to do reads
 *   confirms late, and refuses at about the cost of accepting. A limit that took that for the broker's would be
 *   smallest where it helps least, and would stay so as long as the load does.
 * - The tolerated latency has an absolute lower bound, since a broker at its best throughput is many times
 *   slower than an idle one; and an upper bound that follows from the deadline, since what is confirmed after
 *   it was sent for nothing.
 * - A limit far above what is in flight bounds nothing. The first confirm that comes too late, while as many
 *   as the floor wait, therefore brings it down to what waits, or to what the upper bound's time carries if
 *   that is more: the queue behind a narrow way stops growing before a window has ended.
 * - The baseline rises only by messages that were sent while nothing waited: no other latency is surely the
 *   way's and not our own queue's.
 * - After a while at the floor, where a longer way to the broker and a narrow one look alike, more is tried for a moment, as
 *   far as it would not come too late on a narrow one. On a longer way more arrives than
 *   ever at the floor, as early, and its latency is the new baseline; on a narrow one nothing is gained, in posts
 *   or in bytes, and the limit stays.
 *
 * No timer runs: `confirmed` does all the work. Times are milliseconds of any
 * monotonic clock.
 */
export class ConcurrencyLimit {
  private readonly max: number;
  private readonly floor: number;
  private readonly alwaysFineMs: number;
  private readonly neverFineMs: number;
  /** What is proven, and what was seen: the one is at most the broker's latency, the other at least. */
  private readonly window = new LatencyWindow();
  private readonly seen = new LatencyWindow();
  private current: number;
  private tolerated: number;
  private baselineMs = Infinity;
  private slowBefore = false;
  private startedAt = -Infinity;
  private lengthMs = WINDOW_MIN_MS;
  private mostOutstanding = 0;
  private deliveredPosts = 0;
  private deliveredBytes = 0;
  /** Whether the last confirm left nothing waiting, and the least latency of this window after such a one. */
  private empty = true;
  private aloneMs = Infinity;
  private readonly probe = new LimitProbe();
  private opening = false;

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
    this.tolerated = this.alwaysFineMs;
    this.current = Math.max(this.floor, Math.min(start, max));
  }

  /** Posts that may be outstanding now, between the floor and the maximum. */
  get limit(): number {
    return Math.floor(this.current);
  }

  /** The median latency above which the limit shrinks. */
  get targetMs(): number {
    return this.tolerated;
  }

  /** A message was confirmed. */
  confirmed(
    now: number,
    { latencyMs, provenMs = latencyMs, outstanding, posts = 1, bytes = 1 }: Confirmed,
  ): void {
    // A window begins when there is something to wait for.
    if (this.window.samples === 0) this.startedAt = Math.max(this.startedAt, now - latencyMs);
    this.window.add(provenMs);
    this.seen.add(latencyMs);
    this.deliveredPosts += posts;
    this.deliveredBytes += bytes;
    if (this.empty && provenMs < this.aloneMs) this.aloneMs = provenMs;
    this.empty = outstanding <= posts;
    if (outstanding > this.mostOutstanding) this.mostOutstanding = outstanding;
    const elapsed = now - this.startedAt;
    if (provenMs > this.tolerated && outstanding >= this.floor && !this.probe.runs) this.contain(elapsed);
    const due = this.window.samples >= WINDOW_SAMPLES ? elapsed >= this.lengthMs : elapsed >= WINDOW_MAX_MS;
    if (due) this.adapt(now, elapsed);
  }

  /** No more than waits already, unless more than that arrives soon enough. */
  private contain(elapsed: number): void {
    this.opening = false;
    const carried = (this.deliveredPosts / Math.max(1, elapsed)) * this.neverFineMs;
    this.current = Math.min(this.current, Math.max(this.mostOutstanding, carried));
  }

  private adapt(now: number, elapsed: number): void {
    const median = this.window.median();
    const slow = median > this.tolerated;
    const shown = { posts: this.deliveredPosts / elapsed, bytes: this.deliveredBytes / elapsed, median };
    this.probe.note(shown, this.current <= this.floor);
    if (this.probe.runs) this.judge(now, shown);
    else if (!slow) this.grow(median);
    // Fewer than the floor do not make each other wait.
    else if (this.mostOutstanding >= this.floor) this.shrink(now, median);
    const fastest = this.seen.median();
    if (fastest < this.baselineMs) this.baselineMs = fastest;
    else if (this.aloneMs > this.baselineMs && this.aloneMs < Infinity)
      this.baselineMs += (this.aloneMs - this.baselineMs) / 10;
    this.tolerated = Math.min(this.neverFineMs, Math.max(this.alwaysFineMs, this.baselineMs * TOLERANCE));
    this.slowBefore = slow;
    this.lengthMs = Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, median));
    this.startedAt = now;
    this.mostOutstanding = this.deliveredPosts = this.deliveredBytes = 0;
    this.aloneMs = Infinity;
    this.window.clear();
    this.seen.clear();
  }

  private grow(median: number): void {
    const opens = this.opening || median <= this.tolerated * FAR_FROM_SLOW;
    this.current = Math.min(this.max, this.current * (opens ? GROWTH_OPENING : GROWTH) + 1);
  }

  private shrink(now: number, median: number): void {
    this.opening = false;
    const times = this.probe.begin(now, Math.min(this.neverFineMs / median, this.max / this.floor));
    if (times !== undefined) {
      this.current = this.floor * times;
      return;
    }
    const least = this.slowBefore ? SHRINK_AGAIN : SHRINK_FIRST;
    this.current = Math.max(this.floor, this.current * Math.max(least, this.tolerated / median));
  }

  private judge(now: number, shown: Seen): void {
    const verdict = this.probe.judge(now, shown);
    if (verdict === 'longer way') {
      this.baselineMs = shown.median;
      this.opening = true;
    } else if (verdict === 'nothing gained') this.current = this.floor;
  }
}
