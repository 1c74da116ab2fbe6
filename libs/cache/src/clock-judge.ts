/** What a comparison says of this process' clock. */
export type ClockVerdict =
  /** It may be trusted. */
  | { readonly is: 'right' }
  /** The wall clock is right and this one is not: the machine slept, or its clock was mended. */
  | { readonly is: 'outdated' }
  /** It may be trusted; what it is compared with has made a step. */
  | { readonly is: 'reference_stepped'; readonly stepMs: number }
  | { readonly is: 'wrong' };

/** Nearer than this clocks are the same. */
export const CLOCK_SAME_MS = 1_000;
/** Further apart than this one of them is wrong. */
export const CLOCK_TOLERANCE_MS = 5_000;

/**
 * Decides from comparisons with another machine's clock which of the clocks is wrong. This process' own
 * makes no steps, so once it was found right, a step between two comparisons is the other's; before that,
 * and when it drifts away, the other is believed.
 */
export class ClockJudge {
  private proven = false;
  private lastMs: number | undefined;
  /** Steps of the reference since. */
  private shiftMs = 0;

  /**
   * @param aheadMs by how much this process' clock is ahead of the reference.
   * @param wallAheadMs by how much the machine's wall clock is.
   */
  compare(aheadMs: number, wallAheadMs: number): ClockVerdict {
    const stepMs = aheadMs - (this.lastMs ?? aheadMs);
    this.lastMs = aheadMs;
    const offMs = Math.abs(aheadMs - this.shiftMs);
    if (offMs > CLOCK_SAME_MS && Math.abs(wallAheadMs) <= CLOCK_SAME_MS) {
      this.shiftMs = 0;
      this.lastMs = wallAheadMs;
      this.proven = true;
      return { is: 'outdated' };
    }
    if (offMs <= CLOCK_TOLERANCE_MS) {
      this.proven = true;
      return { is: 'right' };
    }
    if (this.proven && Math.abs(stepMs) > CLOCK_TOLERANCE_MS) {
      this.shiftMs += stepMs;
      return { is: 'reference_stepped', stepMs };
    }
    this.proven = false;
    return { is: 'wrong' };
  }
}
