import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuid, isUuidV7, uuidFromBytes, uuidToBytes, uuidV7, uuidV7Floor, uuidV7Time } from './ids.js';

const MAX_TIME = 2 ** 48 - 1;
const time = fc.integer({ min: 0, max: MAX_TIME });
const entropy = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe('uuidV7', () => {
  it('carries its time, its version and its variant', () => {
    fc.assert(
      fc.property(time, entropy, (unixMs, bytes) => {
        const id = uuidV7(unixMs, bytes);
        expect(isUuidV7(id)).toBe(true);
        expect(uuidV7Time(id)).toBe(unixMs);
      }),
    );
  });

  it('sorts as text in the order of time', () => {
    fc.assert(
      fc.property(time, time, entropy, entropy, (a, b, one, two) => {
        fc.pre(a !== b);
        expect(uuidV7(a, one) < uuidV7(b, two)).toBe(a < b);
      }),
    );
  });

  it('is the same for the same time and entropy, and new each time without entropy', () => {
    const bytes = new Uint8Array(10).fill(7);
    expect(uuidV7(1_700_000_000_000, bytes)).toBe(uuidV7(1_700_000_000_000, bytes));
    const ids = new Set(Array.from({ length: 10_000 }, () => uuidV7(1_700_000_000_000)));
    expect(ids.size).toBe(10_000);
  });

  it('keeps 74 bits of its entropy', () => {
    const id = uuidV7(0, new Uint8Array(10).fill(0xff));
    expect(id).toBe('00000000-0000-7fff-bfff-ffffffffffff');
  });
});

describe('uuidV7Floor', () => {
  it('is at or below every id of its millisecond and above every one of the one before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_TIME }), entropy, (unixMs, bytes) => {
        const floor = uuidV7Floor(unixMs);
        expect(isUuid(floor)).toBe(true);
        expect(floor <= uuidV7(unixMs, bytes)).toBe(true);
        expect(floor > uuidV7(unixMs - 1, bytes)).toBe(true);
      }),
    );
  });

  it('takes a time before 1970 for 1970', () => {
    expect(uuidV7Floor(-1)).toBe('00000000-0000-0000-0000-000000000000');
  });
});

describe('the text form of a UUID', () => {
  it('goes to bytes and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(uuidToBytes(uuidFromBytes(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['upper case', '0190B7B0-0000-7000-8000-000000000000'],
    ['no hyphens', '0190b7b0000070008000000000000000'],
    ['a line break at the end', '0190b7b0-0000-7000-8000-000000000000\n'],
    ['braces', '{0190b7b0-0000-7000-8000-000000000000}'],
    ['nothing', ''],
  ])('is refused with %s', (_what, text) => {
    expect(isUuid(text)).toBe(false);
    expect(isUuidV7(text)).toBe(false);
  });

  it('of another version or variant is a UUID but not one of ours', () => {
    for (const text of ['0190b7b0-0000-4000-8000-000000000000', '0190b7b0-0000-7000-c000-000000000000']) {
      expect(isUuid(text)).toBe(true);
      expect(isUuidV7(text)).toBe(false);
    }
  });
});
