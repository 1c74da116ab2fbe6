import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bisect } from './bisect.js';

class DataFault extends Error {}
const isDataFault = (error: unknown): boolean => error instanceof DataFault;

describe('bisect', () => {
  it('blames exactly the bad ones, keeps the order, and needs few attempts', async () => {
    const given = fc.integer({ min: 1, max: 300 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        bad: fc.uniqueArray(fc.nat(size - 1), { maxLength: 5 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(given, async ({ size, bad }) => {
        const items = Array.from({ length: size }, (_, n) => n);
        const blamed: number[] = [];
        const stored: number[] = [];
        let attempts = 0;
        const results = await bisect(
          items,
          (some) => {
            attempts++;
            if (some.some((n) => bad.includes(n))) return Promise.reject(new DataFault());
            stored.push(...some);
            return Promise.resolve(some.map((n) => `stored ${n}`));
          },
          isDataFault,
          (n) => {
            blamed.push(n);
            return Promise.resolve(`blamed ${n}`);
          },
        );
        expect(results).toEqual(items.map((n) => `${bad.includes(n) ? 'blamed' : 'stored'} ${n}`));
        expect(blamed).toEqual([...bad].sort((a, b) => a - b));
        expect(stored).toEqual(items.filter((n) => !bad.includes(n)));
        expect(attempts).toBeLessThanOrEqual(1 + 2 * bad.length * Math.ceil(Math.log2(size)));
      }),
    );
  });

  it('tries a batch without a fault once', async () => {
    const seen: number[][] = [];
    const attempt = (some: readonly number[]): Promise<readonly number[]> => {
      seen.push([...some]);
      return Promise.resolve(some);
    };
    await bisect([1, 2, 3], attempt, isDataFault, () => Promise.reject(new Error('nobody is to blame')));
    expect(seen).toEqual([[1, 2, 3]]);
  });

  it('passes on what does not lie in the data, without trying any part', async () => {
    let attempts = 0;
    const failing = bisect(
      [1, 2, 3],
      () => {
        attempts++;
        return Promise.reject(new Error('the database is away'));
      },
      isDataFault,
      () => Promise.resolve('blamed'),
    );
    await expect(failing).rejects.toThrow('the database is away');
    expect(attempts).toBe(1);
  });

  it('passes on a fault with nobody to blame', async () => {
    const failing = bisect(
      [],
      () => Promise.reject(new DataFault('empty')),
      isDataFault,
      () => Promise.resolve('blamed'),
    );
    await expect(failing).rejects.toThrow('empty');
  });
});
