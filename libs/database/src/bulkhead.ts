/** At most `limit` at once; what does not fit is refused, not queued. */
export class Bulkhead {
  private used = 0;

  constructor(readonly limit: number) {}

  /** True when a place was taken; give it back with `leave`. */
  enter(): boolean {
    if (this.used >= this.limit) return false;
    this.used++;
    return true;
  }

  leave(): void {
    this.used--;
  }
}
