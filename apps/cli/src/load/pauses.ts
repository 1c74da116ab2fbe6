/** Waits of any number, all of which end when the signal is aborted; there is one listener for all of them. */
export class Pauses {
  private readonly rejects = new Map<NodeJS.Timeout, (reason: Error) => void>();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      for (const [timer, reject] of this.rejects) {
        clearTimeout(timer);
        reject(signal.reason as Error);
      }
      this.rejects.clear();
    });
  }

  /** Resolves after `ms`. @throws the signal's reason as soon as it is aborted. */
  async wait(ms: number): Promise<void> {
    this.signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.rejects.delete(timer);
        resolve();
      }, ms);
      this.rejects.set(timer, reject);
    });
  }
}
