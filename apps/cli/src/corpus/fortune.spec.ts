import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseFortunes } from './fortune.js';

describe('a fortune file', () => {
  it('is cut at lines of nothing but %, and nothing else in it is changed', () => {
    const text = 'One %\n50%\n%\n  Two\n\n\n%\n%\n \n%\nThree';
    expect(parseFortunes(text).map((f) => f.content)).toEqual(['One %\n50%', '  Two\n\n', 'Three']);
  });

  it.each([
    ['\t\t-- Pierre Abélard (Logica ingredientibus)', 'Pierre Abélard'],
    ['    -- Mark Twain, "Following the Equator"', 'Mark Twain'],
    ['\t— Лев Толстой', 'Лев Толстой'],
    ['\t-- "Anonymous"', null],
    ['-- not indented', null],
    [`\t-- ${'long '.repeat(30)}`, null],
  ])('knows whom a saying is attributed to: %s', (last, author) => {
    expect(parseFortunes(`Saying.\n${last}\n%\n`)).toEqual([{ content: `Saying.\n${last}`, author }]);
  });

  it('gives back every saying that was written, whatever the language', () => {
    const saying = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((s) => s.trim() !== '' && !/[\r%]|\n$/.test(s));
    const same = (sayings: string[]): void =>
      expect(parseFortunes(sayings.map((s) => `${s}\n%\n`).join('')).map((f) => f.content)).toEqual(sayings);
    fc.assert(fc.property(fc.array(saying), same));
  });
});
