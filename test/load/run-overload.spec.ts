import { describe, expect, it } from '@jest/globals';
import { memoryOf } from './run-overload.js';

const minutes = (value: (second: number) => number): number[] =>
  Array.from({ length: 300 }, (_, second) => value(second));

describe('memoryOf', () => {
  it('calls a heap flat that found its size and breathes', () => {
    const memory = memoryOf(
      'gateway-1',
      minutes((s) => (s < 60 ? 100 + s : 160 + (s % 7))),
    );
    expect(memory).toMatchObject({ flat: true, peakMiB: 166 });
    expect(memory.mibPerMinute).toBeCloseTo(0, 1);
  });

  it('sees a leak of 3 MiB a minute', () => {
    const memory = memoryOf(
      'writer-1',
      minutes((s) => 200 + (s * 3) / 60 + (s % 5)),
    );
    expect(memory.flat).toBe(false);
    expect(memory.mibPerMinute).toBeCloseTo(3, 0);
  });
});
