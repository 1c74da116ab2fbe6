import { createHash, randomUUID } from 'node:crypto';

/** The part of a limit that is given to the gateways beforehand, in equal shares, instead of being leased. */
const BEFOREHAND = 0.1;
/** How long a gateway that could not ask does with its share before it asks again. */
const ASK_AGAIN_MS = 500;

const PROCESS = randomUUID();
let made = 0;

/** A lease to ask for. */
export interface LeaseTerms {
  readonly window: number;
  readonly pool: number;
  readonly held: number;
  readonly endsAt: number;
}

/**
 * What this gateway may still accept for one tenant or author in the present window. Windows are fixed,
 * and begin at a different moment for each subject, so that not everybody comes back at once.
 *
 * A tenth of the limit is divided among the gateways beforehand: whoever posts little never costs a round
 * trip. The rest is leased. Both together are the limit, so all gateways accept at most that, and less by
 * the shares of gateways that the subject does not use.
 */
export class Allowance {
  /** Nobody else's, not even that of the same subject after it was forgotten here. */
  readonly source = `${PROCESS}.${++made}`;
  private readonly phaseMs: number;
  private window = -1;
  private endsAt = 0;
  private local = 0;
  private lowWater = 0;
  private elsewhere = 0;
  private spent = 0;
  private beforehand = 0;
  private refusedUntil = 0;
  /** Posts of requests that wait for a lease. */
  wanted = 0;
  /** The lease that is being asked for. */
  asking: Promise<void> | undefined;

  constructor(
    readonly subject: readonly [string, ...string[]],
    readonly limit: number,
    private readonly ttlMs: number,
  ) {
    this.phaseMs = createHash('sha256').update(subject.join('|')).digest().readUInt32BE() % ttlMs;
  }

  /** Enters the window of `now`. `share`: whether a tenth may be spent without asking, see `AllowanceStore`. */
  enter(now: number, gateways: number, share: boolean): void {
    const window = Math.floor((now + this.phaseMs) / this.ttlMs);
    if (window <= this.window) return;
    this.window = window;
    this.endsAt = (window + 1) * this.ttlMs - this.phaseMs;
    this.beforehand = share ? Math.floor(Math.floor(this.limit * BEFOREHAND) / gateways) : 0;
    this.local = this.beforehand;
    this.lowWater = this.local / 2;
    this.elsewhere = this.limit - this.local;
    this.spent = 0;
    this.refusedUntil = 0;
  }

  /** Whether `posts` can be spent now, without spending them. */
  has(posts: number): boolean {
    return this.local >= posts;
  }

  spend(posts: number): void {
    this.local -= posts;
    this.spent += posts;
  }

  /** Gives back what was spent in `window`. */
  giveBack(window: number, posts: number): void {
    if (window !== this.window) return;
    this.local += posts;
    this.spent -= posts;
  }

  /** Whether nothing more can be had for now, neither here nor by asking. */
  exhausted(now: number): boolean {
    return now < this.refusedUntil;
  }

  /** Whether the next lease should be asked for before it is needed. */
  runsLow(now: number): boolean {
    return this.local <= this.lowWater && this.asking === undefined && !this.exhausted(now);
  }

  get terms(): LeaseTerms {
    const pool = this.limit - Math.floor(this.limit * BEFOREHAND);
    const held = this.spent + this.local - this.beforehand;
    return { window: this.window, pool, held, endsAt: this.endsAt };
  }

  granted({ window }: LeaseTerms, granted: number, left: number): void {
    if (window !== this.window) return;
    this.local += granted;
    this.lowWater = granted / 2;
    this.elsewhere = left;
    if (left === 0) this.refusedUntil = this.endsAt;
  }

  /** Redis does not answer: goes on with this gateway's part of the whole limit, and tells Redis as soon as it can. */
  unanswered({ window }: LeaseTerms, now: number, gateways: number): void {
    if (window !== this.window) return;
    const more = Math.max(0, Math.ceil(this.limit / gateways) - this.spent - this.local);
    this.local += more;
    this.lowWater = Infinity;
    this.elsewhere = 0;
    this.refusedUntil = Math.min(this.endsAt, now + ASK_AGAIN_MS);
  }

  /** Number of the present window. */
  get current(): number {
    return this.window;
  }

  /** About how much is left, here and elsewhere. */
  get remaining(): number {
    return this.local + this.elsewhere;
  }

  /** Whole seconds until the window ends, at least 1. */
  secondsLeft(now: number): number {
    return Math.max(1, Math.ceil((this.endsAt - now) / 1000));
  }

  endedBefore(now: number): boolean {
    return this.endsAt <= now;
  }
}
