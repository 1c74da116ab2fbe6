/** Where a clock takes its time from. */
export interface TimeSources {
  /** Unix milliseconds, as the machine says; may jump either way. */
  readonly wall: () => number;
  /** Milliseconds since some moment; never jumps. */
  readonly monotonic: () => number;
}

/** A step back of at most this is waited for: the time stands still meanwhile. */
const HOLD_MS = 5_000;

/**
 * Unix time that goes on evenly when somebody sets the machine's clock: the wall clock as it was when this
 * clock was made, and the monotonic time since. Both follow a time service that slews; only steps differ.
 * Whether to follow a step is for whoever knows another clock to compare with: `moveToWall`.
 */
export class SteadyClock {
  private readonly wall: () => number;
  private readonly monotonic: () => number;
  private originMs: number;
  private latestMs = -Infinity;

  constructor({ wall, monotonic }: TimeSources = { wall: Date.now, monotonic: () => performance.now() }) {
    this.wall = wall;
    this.monotonic = monotonic;
    this.originMs = wall() - monotonic();
  }

  /** Unix milliseconds, whole; never less than before, but after a step back of more than 5 s. */
  now(): number {
    const now = Math.floor(this.originMs + this.monotonic());
    this.latestMs = this.latestMs - now > HOLD_MS ? now : Math.max(this.latestMs, now);
    return this.latestMs;
  }

  /** Milliseconds by which the wall clock is ahead of this one: the steps it has made since. */
  get wallAheadMs(): number {
    return Math.round(this.wall() - (this.originMs + this.monotonic()));
  }

  /** Takes over what the wall clock says now. */
  moveToWall(): void {
    this.originMs = this.wall() - this.monotonic();
  }
}

/**
 * The time of this process, for everything that other processes compare: ids, tickets, expiries, windows.
 * A step of the machine's clock changes none of it.
 */
export const processClock = new SteadyClock();
