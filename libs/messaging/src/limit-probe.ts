/** How often more is tried, how many times as much at most and at least, and the share of that which must arrive. */
const EVERY_MS = 5_000;
const MOST = 2;
const LEAST = 1.25;
const PAYS = 0.6;
/** How much of that a latency may add where the way is a long one. */
const ADDS = 0.4;
/** Windows that a probe lasts; each but the first must pay, since one may only make up for a pause. */
const WINDOWS = 4;
/** Windows at the floor until what is confirmed was sent there, and how many more tell what it carries. */
const AFTER = 2;
const COMPARES = 2;

/** What a window has shown: what arrived in a millisecond, and how late. */
export interface Seen {
  readonly posts: number;
  readonly bytes: number;
  readonly median: number;
}

interface Running {
  readonly before: Seen;
  /** How many times as much is tried. */
  readonly times: number;
  windows: number;
}

/**
 * Tells a longer way to the broker from a narrow one when the limit is at its floor, where both look alike: more
 * is tried for a moment. On a longer way more arrives than ever at the floor, as early; on a narrow one nothing is
 * gained, in posts or in bytes.
 */
export class LimitProbe {
  private running: Running | undefined;
  private nextAt = -Infinity;
  private windowsAtFloor = 0;
  /** The best of each since what is confirmed was sent at the floor. */
  private best: Seen | undefined;

  get runs(): boolean {
    return this.running !== undefined;
  }

  /** To be told of each window. */
  note(seen: Seen, atFloor: boolean): void {
    this.windowsAtFloor = atFloor ? this.windowsAtFloor + 1 : 0;
    this.best =
      this.windowsAtFloor <= AFTER
        ? undefined
        : {
            posts: Math.max(seen.posts, this.best?.posts ?? 0),
            bytes: Math.max(seen.bytes, this.best?.bytes ?? 0),
            median: Math.min(seen.median, this.best?.median ?? Infinity),
          };
  }

  /**
   * Begins when it is time, and enough is known of the floor.
   * @param atMost how many times the floor may be tried without being too late.
   * @returns how many times the floor is tried; undefined when it is not.
   */
  begin(now: number, atMost: number): number | undefined {
    const times = Math.min(MOST, atMost);
    const compared = this.windowsAtFloor >= AFTER + COMPARES;
    if (!this.best || !compared || now < this.nextAt || times < LEAST) return undefined;
    this.running = { before: this.best, times, windows: 0 };
    return times;
  }

  /**
   * What one more window of the probe says; undefined while it says nothing yet. The first one still confirms
   * what was sent before the probe.
   */
  judge(now: number, seen: Seen): 'longer way' | 'nothing gained' | undefined {
    const probe = this.running;
    if (!probe || ++probe.windows < 2) return undefined;
    const { before, times } = probe;
    const pays = 1 + (times - 1) * PAYS;
    const inTime = seen.median <= before.median * (1 + (times - 1) * ADDS);
    const longer = inTime && seen.posts >= before.posts * pays && seen.bytes >= before.bytes * pays;
    if (longer && probe.windows < WINDOWS) return undefined;
    this.running = undefined;
    if (longer) return 'longer way';
    this.nextAt = now + EVERY_MS;
    return 'nothing gained';
  }
}
