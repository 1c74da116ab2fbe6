import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allot, evenly } from './choose.js';

describe('sharing out a number among groups', () => {
  it('follows the weights, and what a small group cannot give the others do', () => {
    const groups = [
      { size: 100, weight: 2 },
      { size: 100, weight: 1 },
      { size: 3, weight: 1 },
    ];
    expect(allot(groups, 40)).toEqual([25, 12, 3]);
  });

  it('takes everything when there is not enough', () => {
    expect(
      allot(
        [
          { size: 2, weight: 1 },
          { size: 0, weight: 5 },
        ],
        40,
      ),
    ).toEqual([2, 0]);
  });

  it('always comes to the total, and never takes more than there is', () => {
    const group = fc.record({ size: fc.nat(500), weight: fc.integer({ min: 1, max: 20 }) });
    const holds = (groups: { size: number; weight: number }[], total: number): void => {
      const taken = allot(groups, total);
      const all = groups.reduce((sum, { size }) => sum + size, 0);
      expect(taken.reduce((sum, n) => sum + n, 0)).toBe(Math.min(total, all));
      expect(taken.every((n, i) => n <= (groups[i]?.size ?? 0))).toBe(true);
    };
    fc.assert(fc.property(fc.array(group, { maxLength: 12 }), fc.nat(2_000), holds));
  });
});

describe('choosing evenly', () => {
  it('spreads over all items and keeps their order', () => {
    expect(evenly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([0, 3, 6]);
    expect(evenly([1, 2], 5)).toEqual([1, 2]);
    expect(evenly([1, 2], 0)).toEqual([]);
  });

  it('gives as many as asked for, each once', () => {
    const items = fc.nat(300).map((n) => Array.from({ length: n }, (_, i) => i));
    const holds = (all: number[], count: number): void => {
      const chosen = evenly(all, count);
      expect(chosen).toHaveLength(Math.min(count, all.length));
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
    };
    fc.assert(fc.property(items, fc.nat(400), holds));
  });
});
