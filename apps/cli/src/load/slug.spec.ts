import { describe, expect, it } from '@jest/globals';
import { CHANNEL_ID, PRINCIPAL_ID } from '@spillway/contracts';
import fc from 'fast-check';
import { authorSlug, channelSlug } from './slug.js';

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 90 }).filter((text) => text.trim() !== '');

describe('the author id of a name', () => {
  it.each([
    ['Matthias Klose <doko@debian.org>', 'doko@debian.org'],
    ['doko@debian.org', 'doko@debian.org'],
    ['alice', 'alice'],
    ['  alice ', 'alice'],
  ])('keeps what is already an id: %s', (author, expected) => {
    expect(authorSlug(author)).toBe(expected);
  });

  it.each([
    ['Aaron M. Ucko <amu+debian@mit.edu>', /^amu-debian@mit\.edu-[0-9a-f]{10}$/],
    ['Žluťoučký Kůň', /^Zlutoucky-Kun-[0-9a-f]{10}$/],
    ['Евгений Кащеев', /^author-[0-9a-f]{10}$/],
    [`${'long.'.repeat(20)}@example.org`, /^(long\.)+lon-[0-9a-f]{10}$/],
  ])('replaces the rest and adds a hash: %s', (author, expected) => {
    expect(authorSlug(author)).toMatch(expected);
  });

  it('is an id whatever the name, and the same each time', () => {
    const isId = (author: string): boolean =>
      PRINCIPAL_ID.test(authorSlug(author)) && authorSlug(author) === authorSlug(author);
    fc.assert(fc.property(name, isId), { numRuns: 2_000 });
  });

  it('never makes two authors one', () => {
    const text = fc.stringMatching(/^[a-cé+ -]{1,6}$/).filter((t) => t.trim() === t);
    const apart = (a: string, b: string): boolean => a === b || authorSlug(a) !== authorSlug(b);
    fc.assert(fc.property(text, text, apart), { numRuns: 5_000 });
  });
});

describe('the channel id of a name', () => {
  it('keeps package names, and replaces what a channel may not hold', () => {
    expect(channelSlug('binutils-common')).toBe('binutils-common');
    expect(channelSlug('libstdc++6')).toMatch(/^libstdc-6-[0-9a-f]{10}$/);
    expect(channelSlug('a@b')).not.toBe(channelSlug('a.b'));
  });

  it('is an id whatever the name', () => {
    fc.assert(
      fc.property(name, (channel) => CHANNEL_ID.test(channelSlug(channel))),
      { numRuns: 2_000 },
    );
  });
});
