import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { surelyWaitedMs, type LoopMoment } from './loop-moment.js';

const PER_MESSAGE = 64;

interface Message {
  readonly posts: number;
  readonly written: LoopMoment;
  /** When its confirm arrives, which is read in the first turn that begins later. */
  readonly confirmedAt: number;
}

/**
 * A gateway with more requests than it has time for, in turns of its event loop: each of its connections sends
 * the next request as soon as it is answered, and refusing takes nearly as long as accepting.
 */
class BusyGateway {
  readonly limit = new ConcurrencyLimit({ max: 4_000, neverFineMs: 1_500 });
  accepted = 0;
  private now = 0;
  private turn = 0;
  private unconfirmed = 0;
  private waiting: Message[] = [];

  constructor(
    private readonly costMs: { readonly accept: number; readonly refuse: number },
    public connections: number,
    /** How long the broker takes with what it is sent now. */
    private readonly confirmMs: (now: number) => number,
  ) {}

  /** Runs until `untilMs` of its time. @returns posts accepted and confirmed meanwhile. */
  run(untilMs: number): number {
    const before = this.accepted;
    while (this.now < untilMs) this.oneTurn();
    return this.accepted - before;
  }

  private oneTurn(): void {
    this.turn++;
    const arrived = this.waiting.filter(({ confirmedAt }) => confirmedAt <= this.now);
    this.waiting = this.waiting.filter(({ confirmedAt }) => confirmedAt > this.now);
    const requests = this.connections - this.unconfirmed;
    const admitted = Math.min(requests, Math.max(0, this.limit.limit - this.unconfirmed));
    // Requests are handled, and in some place among them what the broker has sent.
    this.now += admitted * this.costMs.accept + (requests - admitted) * this.costMs.refuse + 1;
    for (const message of arrived) this.read(message);
    this.unconfirmed += admitted;
    const written: LoopMoment = { at: this.now, idleMs: 0, turn: this.turn };
    for (let left = admitted; left > 0; left -= PER_MESSAGE)
      this.waiting.push({
        ...{ posts: Math.min(left, PER_MESSAGE), written },
        confirmedAt: this.now + this.confirmMs(this.now),
      });
  }

  private read({ posts, written }: Message): void {
    const latencyMs = this.now - written.at;
    const provenMs = surelyWaitedMs(written, { at: this.now, idleMs: 0, turn: this.turn });
    this.limit.confirmed(this.now, { latencyMs, provenMs, outstanding: this.unconfirmed, posts });
    this.unconfirmed -= posts;
    this.accepted += posts;
  }
}

describe('ConcurrencyLimit of a gateway with more to do than it has time for', () => {
  it('accepts as much as it has time for, also after the broker stood still', () => {
    fc.assert(
      fc.property(
        fc.record({
          acceptUs: fc.integer({ min: 100, max: 400 }),
          refusePercent: fc.integer({ min: 10, max: 90 }),
          connections: fc.integer({ min: 500, max: 2_000 }),
          confirmMs: fc.integer({ min: 2, max: 50 }),
          stallMs: fc.integer({ min: 0, max: 2_500 }),
        }),
        ({ acceptUs, refusePercent, connections, confirmMs, stallMs }) => {
          const accept = acceptUs / 1_000;
          const refuse = (accept * refusePercent) / 100;
          const stallEnds = 10_000 + stallMs;
          const gateway = new BusyGateway({ accept, refuse }, 20, (now) =>
            now > 10_000 && now < stallEnds ? Math.max(confirmMs, stallEnds - now) : confirmMs,
          );
          gateway.run(5_000);
          gateway.connections = connections;
          gateway.run(20_000);
          const possible = (10_000 * connections) / (connections * accept + confirmMs);
          expect(gateway.run(30_000)).toBeGreaterThan(0.8 * possible);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('still refuses what a slow broker would confirm too late', () => {
    // 100 posts a second, one after the other.
    let free = 0;
    const gateway = new BusyGateway({ accept: 0.2, refuse: 0.15 }, 2_000, (now) => {
      free = Math.max(free, now) + PER_MESSAGE * 10;
      return free - now;
    });
    gateway.run(30_000);
    expect(gateway.limit.limit).toBeLessThanOrEqual(4 * PER_MESSAGE);
  });
});
