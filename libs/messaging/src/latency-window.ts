const SMALLEST_MS = 0.25;
const PER_OCTAVE = 4;
const BUCKETS = 20 * PER_OCTAVE;

/** Latencies of a while, in buckets that each are a fifth wider than the one before: 0.25 ms to 4 min. */
export class LatencyWindow {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  get samples(): number {
    return this.total;
  }

  add(latencyMs: number): void {
    const bucket = Math.floor(Math.log2(latencyMs / SMALLEST_MS) * PER_OCTAVE);
    const index = bucket > 0 ? Math.min(bucket, BUCKETS - 1) : 0;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total++;
  }

  /** The median to within a tenth (the middle of its bucket), in milliseconds; 0 without a sample. */
  median(): number {
    let left = this.total / 2;
    for (let index = 0; index < BUCKETS; index++) {
      const count = this.counts[index] ?? 0;
      if (count > 0 && (left -= count) <= 0) return SMALLEST_MS * 2 ** ((index + 0.5) / PER_OCTAVE);
    }
    return 0;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }
}
