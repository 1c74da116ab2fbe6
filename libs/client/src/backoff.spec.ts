import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { askedWaitMs, backoffMs, JOB_BACKOFF } from './backoff.js';
import { retryAfterMs } from './retry-after.js';

describe('the pause between attempts', () => {
  it('doubles from 20 ms to a second, half of it random', () => {
    const longest = [0, 1, 2, 5, 6, 1_000].map((n) => backoffMs(n, JOB_BACKOFF, 1));
    expect(longest).toEqual([20, 40, 80, 640, 1_000, 1_000]);
    expect(backoffMs(1, JOB_BACKOFF, 0)).toBe(20);
  });

  it('is never shorter than what the service has asked for', () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(fc.nat(100_000), random, (asked, r) => askedWaitMs(asked, r) >= asked));
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  it.each([
    ['seconds', '7', 7_000],
    ['an HTTP date', 'Sat, 21 Nov 2026 10:00:03 GMT', 3_000],
    ['a date that has passed', 'Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['something else', 'soon', null],
    ['nothing', null, null],
  ])('may be %s', (_case, header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
