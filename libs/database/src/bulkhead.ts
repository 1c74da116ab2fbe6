const QUEUE_PER_PLACE = 10;
const WAIT_MS = 300;

interface Waiting {
  readonly resolve: (entered: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * At most `limit` at once. Ten times as many may wait for a place, for a third of a second: a burst is
 * smoothed, and what lasts is refused.
 */
export class Bulkhead {
  private used = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(
    readonly limit: number,
    private readonly waitMs = WAIT_MS,
  ) {}

  /** True when a place was taken; give it back with `leave`. */
  enter(): Promise<boolean> {
    if (this.used < this.limit) {
      this.used++;
      return Promise.resolve(true);
    }
    if (this.waiting.size >= this.limit * QUEUE_PER_PLACE) return Promise.resolve(false);
    return new Promise((resolve) => {
      const refuse = (): void => {
        if (this.waiting.delete(waiting)) resolve(false);
      };
      // In a process that had no turn for a while, answers that free places have come as well: they go first.
      const timer = setTimeout(() => setImmediate(refuse), this.waitMs);
      const waiting = { resolve, timer };
      this.waiting.add(waiting);
    });
  }

  /** The place goes to whoever has waited longest. */
  leave(): void {
    const [next] = this.waiting;
    if (!next) {
      this.used--;
      return;
    }
    this.waiting.delete(next);
    clearTimeout(next.timer);
    next.resolve(true);
  }
}
