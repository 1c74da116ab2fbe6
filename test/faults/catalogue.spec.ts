import { describe, expect, it } from '@jest/globals';
import { catalogue } from './catalogue.js';

describe('catalogue', () => {
  it('names every fault from F1 to F32 once', () => {
    const numbers = catalogue().map((e) => Number(e.id.slice(1)));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  });

  it('has built what it says', () => {
    const built = catalogue().flatMap((e) => (e.fault ? [e.id] : []));
    expect(built).toEqual(['F1', 'F2', 'F4', 'F9', 'F12', 'F14', 'F17', 'F21']);
  });
});
