/** A number of places; who finds none waits in line. A stop sends everyone home. */
export class Slots {
  private readonly waiting: { readonly resolve: () => void; readonly reject: (reason: Error) => void }[] = [];

  constructor(
    private free: number,
    private readonly signal: AbortSignal,
  ) {
    // One listener for all who wait: thousands of them on one signal cost more than the work itself.
    signal.addEventListener('abort', () => {
      for (const { reject } of this.waiting.splice(0)) reject(signal.reason as Error);
    });
  }

  /** Resolves once a place is taken; `release` gives it back. @throws the signal's reason when it is aborted. */
  async take(): Promise<void> {
    this.signal.throwIfAborted();
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  release(): void {
    const next = this.waiting.shift();
    if (next) next.resolve();
    else this.free++;
  }
}
