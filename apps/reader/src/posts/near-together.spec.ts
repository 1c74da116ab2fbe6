import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { nearTogether } from './near-together.js';

const DAY_MS = 24 * 3600_000;

describe('nearTogether', () => {
  it('keeps ids of 26 days in one run, in their order, and loses none', () => {
    const now = Date.UTC(2026, 11, 1);
    const ids = [0, 3, 25, 27, 52, 1_000].map((days) => uuidV7(now - days * DAY_MS));
    expect(nearTogether(ids)).toEqual([ids.slice(0, 3), ids.slice(3, 5), ids.slice(5)]);
    expect(nearTogether([])).toEqual([]);
  });
});
