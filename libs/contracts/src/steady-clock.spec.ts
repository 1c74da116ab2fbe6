import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SteadyClock } from './steady-clock.js';

const START_MS = Date.UTC(2026, 0, 1);
const TEN_MINUTES_MS = 600_000;

describe('a steady clock', () => {
  let wallStepMs: number;
  let passedMs: number;
  let clock: SteadyClock;

  beforeEach(() => {
    wallStepMs = 0;
    passedMs = 0;
    clock = new SteadyClock({
      wall: () => START_MS + passedMs + wallStepMs,
      monotonic: () => 12.345 + passedMs,
    });
  });

  it('says what the wall clock says, in whole milliseconds', () => {
    expect(clock.now()).toBe(START_MS);
    passedMs = 1_000.7;
    expect(clock.now()).toBe(START_MS + 1_000);
  });

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS, 3_000, -3_000])('goes on evenly over a step of %i ms', (step) => {
    clock.now();
    wallStepMs = step;
    passedMs = 50;
    expect(clock.now()).toBe(START_MS + 50);
    expect(clock.wallAheadMs).toBe(step);
  });

  it('follows a step forward when told to', () => {
    wallStepMs = TEN_MINUTES_MS;
    clock.moveToWall();
    expect(clock.now()).toBe(START_MS + TEN_MINUTES_MS);
    expect(clock.wallAheadMs).toBe(0);
  });

  it('waits for a small step back, and follows a large one', () => {
    clock.now();
    wallStepMs = -2_000;
    clock.moveToWall();
    expect(clock.now()).toBe(START_MS);
    passedMs = 2_500;
    expect(clock.now()).toBe(START_MS + 500);
    wallStepMs = -TEN_MINUTES_MS;
    clock.moveToWall();
    expect(clock.now()).toBe(START_MS + 2_500 - TEN_MINUTES_MS);
  });

  it('never goes back by itself', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.integer({ min: -1e6, max: 1e6 }))), (turns) => {
        let before = clock.now();
        for (const [ms, step] of turns) {
          passedMs += ms;
          wallStepMs = step;
          const now = clock.now();
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });
});
