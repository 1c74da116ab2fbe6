import { describe, expect, it } from '@jest/globals';
import { catalogue } from './catalogue.js';

describe('catalogue', () => {
  it('names every fault from F1 to F32 once', () => {
    const numbers = catalogue().map((e) => Number(e.id.slice(1)));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  });

  it('has built what it says', () => {
    const built = catalogue().flatMap((e) => (e.fault ? [e.id] : []));
    expect(built).toEqual([
      'F1',
      'F2',
      'F3',
      'F4',
      'F5',
      'F6',
      'F7',
      'F8',
      'F9',
      'F10',
      'F11',
      'F12',
      'F13',
      'F14',
      'F15',
      'F16',
      'F17',
      'F18',
      'F19',
      'F20',
      'F21',
      'F22',
      'F23',
      'F24',
      'F25',
      'F26',
      'F27',
      'F30',
      'F32',
    ]);
  });
});
