const OPEN_AFTER = 3;
const RETRY_MS = 1_000;

/**
 * Keeps reads away from a node that fails them although its poll succeeds: after three failures in a row
 * one read a second tries it, until one succeeds.
 */
export class CircuitBreaker {
  private failures = 0;
  private retryAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** True when a read may be sent there now. */
  get allows(): boolean {
    return this.failures < OPEN_AFTER || this.now() >= this.retryAt;
  }

  /** A read is sent; while the breaker is open, nobody else's is for a second. */
  sent(): void {
    if (this.failures >= OPEN_AFTER) this.retryAt = this.now() + RETRY_MS;
  }

  succeeded(): void {
    this.failures = 0;
  }

  failed(): void {
    this.failures++;
    if (this.failures >= OPEN_AFTER) this.retryAt = this.now() + RETRY_MS;
  }
}
