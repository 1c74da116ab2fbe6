import { Allowance } from './allowance.js';

/**
 * The allowances of the subjects seen most recently. When one whose window still runs must make room, its
 * count here is forgotten; so until that window has certainly ended, subjects that appear get no share
 * beforehand and every post of theirs is counted in Redis, which has not forgotten. While Redis answers, being
 * evicted is therefore no way to more than the limit.
 */
export class AllowanceStore {
  private readonly allowances = new Map<string, Allowance>();
  private forgotUntil = 0;

  constructor(
    private readonly ttlMs: number,
    private readonly max: number,
  ) {}

  get size(): number {
    return this.allowances.size;
  }

  /** The allowance of a subject, in the window of `now`. */
  of(subject: readonly [string, ...string[]], limit: number, now: number, gateways: number): Allowance {
    const key = subject.length === 1 ? subject[0] : subject.join('|');
    let allowance = this.allowances.get(key);
    if (allowance) this.allowances.delete(key);
    else {
      this.makeRoom(now);
      allowance = new Allowance(subject, limit, this.ttlMs);
    }
    this.allowances.set(key, allowance);
    allowance.enter(now, gateways, now >= this.forgotUntil);
    return allowance;
  }

  private makeRoom(now: number): void {
    if (this.allowances.size < this.max) return;
    for (const [key, oldest] of this.allowances) {
      this.allowances.delete(key);
      if (!oldest.endedBefore(now)) this.forgotUntil = now + this.ttlMs;
      return;
    }
  }
}
