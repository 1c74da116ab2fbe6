interface Sample {
  readonly at: number;
  readonly lsn: string;
}

/** No lag is told from a greater one beyond this. */
export const LAG_SEEN_MAX_MS = 120_000;

/**
 * Where the primary's log was and when, as this process saw it. A replica's lag is the age of the first
 * position that it has not replayed: one clock measures both ends, and an idle primary means no lag.
 */
export class PrimaryTrail {
  private samples: Sample[] = [];
  private timeline = 0;

  /** The latest timeline that a primary was seen on; 0 before the first. */
  get latest(): number {
    return this.timeline;
  }

  /**
   * Notes the primary's position; a later timeline starts the trail anew. Who claims to be the primary of an
   * earlier one was replaced and does not know it yet.
   */
  record(timeline: number, lsn: string, now: number): void {
    if (timeline < this.timeline) return;
    if (timeline > this.timeline) {
      this.timeline = timeline;
      this.samples = [];
    }
    const last = this.samples.at(-1);
    if (!last || lsn > last.lsn) this.samples.push({ at: now, lsn });
    const stale = this.samples.findIndex(({ at }) => now - at <= LAG_SEEN_MAX_MS);
    if (stale > 1) this.samples.splice(0, stale - 1);
  }

  /**
   * Milliseconds that a replica at `lsn` is behind. 0 when nothing newer is known; the most when it is behind
   * all that was seen, since nobody can tell how far.
   */
  lagMs(timeline: number, lsn: string, now: number): number {
    if (timeline < this.timeline) return LAG_SEEN_MAX_MS;
    const behind = this.firstPast(lsn);
    if (!behind) return 0;
    return behind === this.samples[0] ? LAG_SEEN_MAX_MS : Math.max(0, now - behind.at);
  }

  /** The oldest sample beyond `lsn`, by halving: samples only grow, and this is asked for every read. */
  private firstPast(lsn: string): Sample | undefined {
    let low = 0;
    let high = this.samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.samples[middle]?.lsn ?? '') > lsn) high = middle;
      else low = middle + 1;
    }
    return this.samples[low];
  }
}
