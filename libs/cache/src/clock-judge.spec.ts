import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClockJudge, type ClockVerdict } from './clock-judge.js';

const TEN_MINUTES_MS = 600_000;

describe('the judge of a clock', () => {
  let judge: ClockJudge;
  beforeEach(() => {
    judge = new ClockJudge();
  });
  /** What it says when both clocks of the process are as much ahead of the reference. */
  const both = (aheadMs: number): ClockVerdict['is'] => judge.compare(aheadMs, aheadMs).is;

  it.each([0, 900, -900, 4_900, -4_900])('forgives %i ms', (aheadMs) => {
    expect(both(aheadMs)).toBe('right');
  });

  it.each([5_100, -5_100, TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'believes the reference when they are %i ms apart from the start',
    (aheadMs) => {
      expect(both(aheadMs)).toBe('wrong');
      expect(both(aheadMs)).toBe('wrong');
    },
  );

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'says nothing against a process whose wall clock is set %i ms off',
    (step) => {
      expect(both(0)).toBe('right');
      expect(judge.compare(0, step).is).toBe('right');
      expect(judge.compare(0, step).is).toBe('right');
    },
  );

  it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
    'keeps to a clock that was right when the reference steps by %i ms, and back',
    (step) => {
      expect(both(0)).toBe('right');
      expect(judge.compare(step, step)).toEqual({ is: 'reference_stepped', stepMs: step });
      expect(both(step)).toBe('right');
      expect(both(step + 20)).toBe('right');
      expect(both(10)).toBe('outdated');
      expect(both(10)).toBe('right');
    },
  );

  it('has the process follow its wall clock when that is right and its own time is not', () => {
    expect(both(TEN_MINUTES_MS)).toBe('wrong');
    // The machine's clock was mended.
    expect(judge.compare(TEN_MINUTES_MS, 3).is).toBe('outdated');
    expect(both(3)).toBe('right');
    // The machine slept: neither its wall clock nor the reference did.
    expect(judge.compare(-TEN_MINUTES_MS, 5).is).toBe('outdated');
  });

  it('has it follow a small correction too', () => {
    expect(both(3_000)).toBe('right');
    expect(judge.compare(3_000, 200).is).toBe('outdated');
  });

  it('believes the reference when the clock drifts away', () => {
    let verdict: ClockVerdict['is'] = 'right';
    for (let aheadMs = 0; aheadMs <= 6_000; aheadMs += 500) verdict = both(aheadMs);
    expect(verdict).toBe('wrong');
    // Nor is a step excused then.
    expect(both(TEN_MINUTES_MS)).toBe('wrong');
    expect(both(100)).toBe('right');
  });
});
