import { describe, expect, it } from '@jest/globals';
import { fitLine, median, spread } from './statistics.js';

describe('statistics', () => {
  it('finds the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 100, 2])).toBe(9.5);
    expect(median([])).toBeNaN();
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('fits a line', () => {
    const points = [0, 1, 2, 3].map((x): [number, number] => [x, 5 + 2 * x]);
    expect(fitLine(points)).toEqual({ perX: 2, at0: 5 });
    expect(fitLine([[7, 3]])).toEqual({ perX: 0, at0: 3 });
  });
});
