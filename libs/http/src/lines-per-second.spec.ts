import { describe, expect, it } from '@jest/globals';
import { LinesPerSecond } from './lines-per-second.js';

describe('LinesPerSecond', () => {
  it('lets the first lines of each second through', () => {
    const lines = new LinesPerSecond(2);
    const at = [10, 500, 999, 1000, 1001, 1002, 5000].map((now) => lines.next(now));
    expect(at).toEqual([true, true, false, true, true, false, true]);
  });
});
