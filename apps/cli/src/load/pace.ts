import { setTimeout as wait } from 'node:timers/promises';

/**
 * Lets callers through at `perSecond`, by a schedule fixed at the start: who comes late does not wait,
 * so a pause of the service does not lower the rate afterwards. Undefined means no limit.
 */
export class Pace {
  private readonly startedAt = performance.now();
  private turns = 0;

  constructor(private readonly perSecond: number | undefined) {}

  /** @throws the signal's abort when it comes first. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.perSecond === undefined) return;
    const dueAt = this.startedAt + (this.turns++ * 1_000) / this.perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await wait(early, undefined, { signal });
  }
}
