import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConcurrencyLimit } from './concurrency-limit.js';

const DEADLINE_MS = 3_000;
const MAX = 1_000;

/** A broker in steps of a millisecond: so much a second, in order, each at least `delayMs` under way. */
class SimulatedBroker {
  readonly limit = new ConcurrencyLimit({ max: MAX, neverFineMs: DEADLINE_MS / 2 });
  now = 0;
  perSecond = 5_000;
  delayMs = 2;
  /** How many it confirms at once after a pause; a narrow link keeps no such credit. */
  burst = 50;
  stalled = false;
  /** It confirms nothing, and goes on afterwards as if it had worked meanwhile. */
  paused = false;
  private readonly sent: number[] = [];
  private credit = 0;

  /** Offers `rate` posts a second for a while; returns what was confirmed and how late the latest half was. */
  run(forMs: number, rate: number): { confirmed: number; inTime: number; medianMs: number; refused: number } {
    const latencies: number[] = [];
    let refused = 0;
    for (const end = this.now + forMs; this.now < end; this.now++) {
      const offered = Math.floor(((this.now + 1) * rate) / 1_000) - Math.floor((this.now * rate) / 1_000);
      for (let n = 0; n < offered; n++) {
        if (this.sent.length < this.limit.limit) this.sent.push(this.now);
        else refused++;
      }
      this.credit = this.stalled ? 0 : Math.min(this.credit + this.perSecond / 1_000, this.burst);
      while (
        !this.paused &&
        this.credit >= 1 &&
        this.sent[0] !== undefined &&
        this.now - this.sent[0] >= this.delayMs
      ) {
        const latency = this.now - (this.sent.shift() ?? 0);
        this.credit--;
        latencies.push(latency);
        this.limit.confirmed(this.now, { latencyMs: latency, outstanding: this.sent.length + 1 });
      }
    }
    const late = latencies.slice(latencies.length / 2).sort((a, b) => a - b);
    return {
      confirmed: latencies.length,
      inTime: latencies.filter((ms) => ms < DEADLINE_MS).length,
      medianMs: late[Math.floor(late.length / 2)] ?? 0,
      refused,
    };
  }
}

describe('ConcurrencyLimit', () => {
  it('stays between its floor and its maximum whatever it is told', () => {
    const event = fc.record({ afterMs: fc.nat(5_000), latencyMs: fc.double(), outstanding: fc.nat(2_000) });
    fc.assert(
      fc.property(fc.nat(2_000), fc.array(event, { maxLength: 300 }), (max, events) => {
        const limit = new ConcurrencyLimit({ max, neverFineMs: 1_500 });
        let now = 0;
        for (const { afterMs, latencyMs, outstanding } of events) {
          limit.confirmed((now += afterMs), { latencyMs, outstanding });
          if (limit.limit < Math.min(16, max) || limit.limit > max) return false;
          if (!(limit.targetMs > 0 && limit.targetMs <= 1_500)) return false;
        }
        return true;
      }),
    );
  });

  it('refuses nobody while nothing speaks against it', () => {
    const broker = new SimulatedBroker();
    expect(broker.limit.limit).toBe(MAX);
    expect(broker.run(10_000, 3_000).refused).toBe(0);
    expect(broker.limit.limit).toBe(MAX);
  });

  it.each([2, 4, 10])('keeps the goodput at %i times overload, and the latency near its target', (times) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 20_000 }),
        fc.integer({ min: 1, max: 12 }),
        (perSecond, delayMs) => {
          const broker = new SimulatedBroker();
          Object.assign(broker, { perSecond, delayMs });
          broker.run(2_000, perSecond / 2);
          const { confirmed, medianMs } = broker.run(5_000, perSecond * times);
          expect(confirmed / (perSecond * 5)).toBeGreaterThanOrEqual(0.9);
          expect(medianMs).toBeLessThan(Math.max(300, (2.5 * 16 * 1_000) / perSecond));
        },
      ),
      { numRuns: 4 },
    );
  });

  it('keeps a very slow broker from answering only after the deadline', () => {
    const broker = new SimulatedBroker();
    broker.run(3_000, 1_000);
    broker.perSecond = 100;
    broker.run(30_000, 1_000);
    const { confirmed, inTime, medianMs } = broker.run(30_000, 1_000);
    expect(confirmed).toBeGreaterThan(2_700);
    expect(inTime).toBe(confirmed);
    // What the floor takes, and now and then a try of twice as much.
    expect(medianMs).toBeLessThan((2 * 16 * 1_000) / 100);
  });

  const narrowWay = (perSecond: number): SimulatedBroker =>
    Object.assign(new SimulatedBroker(), { perSecond, burst: 2 });

  it.each([2, 4, 10])('lets nobody wait too long when a narrow way meets %i times overload', (times) => {
    fc.assert(
      fc.property(fc.integer({ min: 15, max: 200 }), (perSecond) => {
        const broker = narrowWay(perSecond);
        broker.run(10_000, perSecond * 0.6);
        const { confirmed, inTime } = broker.run(30_000, perSecond * times);
        expect(confirmed).toBeGreaterThanOrEqual(perSecond * 30 * 0.95);
        expect(inTime).toBe(confirmed);
      }),
      { numRuns: 10 },
    );
  });

  it('does not take a narrow way for a long one because it stands still now and then', () => {
    const pauses = fc.array(
      fc.record({ afterMs: fc.integer({ min: 300, max: 2_000 }), forMs: fc.nat(700) }),
      {
        minLength: 30,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(pauses, fc.constantFrom(2, 4, 10), (list, times) => {
        const broker = narrowWay(17);
        broker.burst = 20;
        broker.run(5_000, 10);
        for (const { afterMs, forMs } of list) {
          broker.run(afterMs, 17 * times);
          // As a link that catches up afterwards.
          broker.paused = true;
          broker.run(forMs, 17 * times);
          broker.paused = false;
        }
        expect(broker.limit.targetMs).toBeLessThan(DEADLINE_MS / 4);
      }),
      { numRuns: 40 },
    );
  });

  it('does not learn a narrow way as a long one while the load creeps up to what it carries', () => {
    const broker = narrowWay(17);
    for (let share = 0.5; share < 1.5; share *= 1.1) expect(broker.run(4_000, 17 * share)).not.toBeNull();
    expect(broker.limit.targetMs).toBeLessThan(DEADLINE_MS / 4);
    const { confirmed, inTime } = broker.run(20_000, 34);
    expect(inTime).toBe(confirmed);
  });

  it('has room for batches again after a slow spell, although little is sent', () => {
    const broker = narrowWay(17);
    broker.run(20_000, 34);
    expect(broker.limit.limit).toBeLessThan(50);
    broker.perSecond = 5_000;
    broker.run(30_000, 5);
    expect(broker.limit.limit).toBeGreaterThanOrEqual(512);
  });

  it('does not collapse because of one stall, and is whole again within seconds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 20_000 }),
        fc.integer({ min: 1_000, max: 8_000 }),
        (stallMs, rate) => {
          const broker = new SimulatedBroker();
          broker.perSecond = 10_000;
          broker.run(5_000, rate);
          broker.stalled = true;
          broker.run(stallMs, rate);
          broker.stalled = false;
          const { confirmed } = broker.run(3_000, rate);
          expect(confirmed).toBeGreaterThanOrEqual(rate * 3 * 0.95);
          expect(broker.run(1_000, rate)).toMatchObject({ refused: 0 });
        },
      ),
      { numRuns: 5 },
    );
  });

  it('recovers from a slow spell within five seconds', () => {
    const broker = new SimulatedBroker();
    broker.run(3_000, 3_000);
    broker.perSecond = 50;
    broker.run(60_000, 3_000);
    expect(broker.limit.limit).toBeLessThan(100);
    broker.perSecond = 5_000;
    broker.run(5_000, 3_000);
    expect(broker.run(1_000, 3_000)).toMatchObject({ refused: 0 });
  });

  it('learns that the way to the broker has become longer, and back', () => {
    const broker = new SimulatedBroker();
    broker.run(3_000, 1_500);
    broker.delayMs = 500;
    broker.run(15_000, 1_500);
    expect(broker.run(5_000, 1_500)).toMatchObject({ refused: 0 });
    broker.delayMs = 2;
    broker.run(2_000, 1_500);
    expect(broker.limit.targetMs).toBe(200);
  });

  it('does not take its own queue for a longer way', () => {
    const broker = new SimulatedBroker();
    broker.run(3_000, 1_000);
    broker.perSecond = 2_000;
    const { medianMs } = broker.run(60_000, 6_000);
    expect(medianMs).toBeLessThan(300);
  });
});
