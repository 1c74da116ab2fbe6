import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHANNEL_ID, codePoints, foldTags, isStorable, PRINCIPAL_ID } from './text.js';

describe('codePoints', () => {
  it.each([
    ['nothing', '', 0],
    ['ASCII', 'spill', 5],
    ['a character outside the basic plane', '𝒮', 1],
    ['a flag, which is two regional indicators', '🇨🇭', 2],
    ['a family, joined', '👨‍👩‍👧', 5],
    ['a letter with a combining accent', 'e\u0301', 2],
    ['half of a surrogate pair at the end', 'a\ud83d', 2],
    ['the second half alone', '\udc00a', 2],
  ])('counts %s', (_what, text, count) => {
    expect(codePoints(text)).toBe(count);
  });

  it('counts what iterating over a well-formed text yields', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(codePoints(text)).toBe([...text].length);
      }),
    );
  });
});

describe('isStorable', () => {
  it.each([
    ['U+0000', 'a\u0000b', false],
    ['the first half of a surrogate pair', '\ud83d!', false],
    ['the second half of one', '!\ude00', false],
    ['a whole pair', '😀', true],
    ['a non-character', '\uffff', true],
    ['a byte order mark', '\ufeff', true],
    ['a right-to-left override', '\u202e', true],
  ])('judges %s', (_what, text, storable) => {
    expect(isStorable(text)).toBe(storable);
  });
});

describe('foldTags', () => {
  it('folds to lower case and lists each tag once, in the order first given', () => {
    expect(foldTags(['News', 'b', 'NEWS', 'B', 'ä', 'Ä'])).toEqual(['news', 'b', 'ä']);
  });

  it('may lengthen a tag, which is why lengths are checked after it', () => {
    expect(foldTags(['İ']).map(codePoints)).toEqual([2]);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (tags) => {
        const folded = foldTags(tags);
        expect(foldTags(folded)).toEqual(folded);
        expect(new Set(folded).size).toBe(folded.length);
      }),
    );
  });
});

describe('the forms of names', () => {
  it.each(['a', 'A_b-9', 'x'.repeat(64)])('take the channel %s', (channel) => {
    expect(CHANNEL_ID.test(channel)).toBe(true);
  });

  it.each(['', 'a b', 'a.b', 'ä', 'x'.repeat(65), 'a\n'])('refuse the channel %j', (channel) => {
    expect(CHANNEL_ID.test(channel)).toBe(false);
  });

  it.each(['alice', 'alice@example.org', 'urn:user:7', 'x'.repeat(64)])('take the author %s', (author) => {
    expect(PRINCIPAL_ID.test(author)).toBe(true);
  });

  it.each(['', 'a/b', 'a b', 'x'.repeat(65), 'alice\n', 'аlice'])('refuse the author %j', (author) => {
    expect(PRINCIPAL_ID.test(author)).toBe(false);
  });
});
