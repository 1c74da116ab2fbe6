const GROWTH = 1.1;

/** Durations, counted in steps of 10 %: percentiles of any number of them in a fixed space. */
export class LagHistogram {
  private readonly counts: number[] = [];
  private total = 0;
  private longestMs = 0;

  add(ms: number): void {
    const step = ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(GROWTH));
    this.counts[step] = (this.counts[step] ?? 0) + 1;
    this.total++;
    this.longestMs = Math.max(this.longestMs, ms);
  }

  get count(): number {
    return this.total;
  }

  get maxMs(): number {
    return this.longestMs;
  }

  /** The duration that a `share` (0 to 1) of all stays below, at most 10 % too high; 0 without any. */
  percentileMs(share: number): number {
    let left = Math.ceil(this.total * share);
    for (const [step, count = 0] of this.counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.longestMs, Math.round(GROWTH ** step));
    }
    return this.longestMs;
  }
}
