const WINDOW_MS = 10_000;
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  readonly endsAt: number;
}

/**
 * Counts 401 answers of each address in windows of 10 s. An edge cannot verify tokens, so whoever sends many
 * wrong ones is told by the services. Bounded: beyond 10 000 addresses the one that began earliest is
 * forgotten.
 */
export class FailureLimit {
  private readonly addresses = new Map<string, Failures>();

  /** `max`: 401 answers in a window, after which an address is refused until its end; 0 means no limit. */
  constructor(private readonly max: number) {}

  /** Whether there is any address to look at: nothing needs to be known of a request while there is none. */
  get idle(): boolean {
    return this.addresses.size === 0;
  }

  /** Seconds until the address is heard again, or 0 while it is. `now`: milliseconds. */
  refusedFor(address: string, now: number): number {
    const failures = this.addresses.get(address);
    if (!failures) return 0;
    if (failures.endsAt <= now) {
      this.addresses.delete(address);
      return 0;
    }
    return failures.count < this.max ? 0 : Math.ceil((failures.endsAt - now) / 1000);
  }

  failed(address: string, now: number): void {
    if (this.max === 0) return;
    const failures = this.addresses.get(address);
    if (failures && failures.endsAt > now) {
      failures.count++;
      return;
    }
    this.addresses.delete(address);
    if (this.addresses.size >= MAX_ADDRESSES) {
      for (const oldest of this.addresses.keys()) {
        this.addresses.delete(oldest);
        break;
      }
    }
    this.addresses.set(address, { count: 1, endsAt: now + WINDOW_MS });
  }
}
