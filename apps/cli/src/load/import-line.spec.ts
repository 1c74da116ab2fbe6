import { describe, expect, it } from '@jest/globals';
import { importLine } from './import-line.js';

const now = Date.parse('2026-11-21T00:00:00Z');
const good = {
  author: 'Ann <ann@example.org>',
  createdAt: '1999-12-31T23:59:59.250+01:00',
  content: 'Grüße \u{1F984}',
};
const judge = (fields: unknown): ReturnType<typeof importLine> =>
  importLine(3, Buffer.from(JSON.stringify(fields)), now);

describe('a line of an import file', () => {
  it('becomes a post of its author, its channel and its time', () => {
    const post = judge({ ...good, channel: 'libstdc++', tags: ['Unstable', 'unstable', 'low'] });
    expect(post).toEqual({
      id: expect.stringMatching(/^00dc6a98-ba92-7/),
      createdAtMs: Date.parse('1999-12-31T22:59:59.250Z'),
      body: {
        content: good.content,
        authorId: 'ann@example.org',
        channelId: expect.stringMatching(/^libstdc-/),
        tags: ['unstable', 'low'],
      },
    });
  });

  it('has no channel when it names none', () => {
    expect(judge(good)).toEqual(
      expect.objectContaining({ body: { content: good.content, authorId: 'ann@example.org', tags: [] } }),
    );
  });

  it.each([
    ['text after the object', '{}x', 'not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['a text', '"a"', 'not a JSON object'],
  ])('is refused when it is %s', (_case, line, invalid) => {
    expect(importLine(1, Buffer.from(line), now)).toEqual({ invalid });
  });

  it('is refused when it is not UTF-8: what was meant cannot be known', () => {
    const bytes = Buffer.concat([Buffer.from('{"author":"'), Buffer.from([0xe9]), Buffer.from('"}')]);
    expect(importLine(1, bytes, now)).toEqual({ invalid: 'not valid UTF-8' });
  });

  it.each([
    ['an unknown property', { room: 1 }, '"room" is not a known property'],
    ['no author', { author: ' ' }, 'author must be a text'],
    ['a time without a zone', { createdAt: '2004-06-01T12:00:00' }, 'createdAt must be a time like'],
    ['a time that does not exist', { createdAt: '2004-13-01T12:00:00Z' }, 'createdAt must be a time like'],
    ['a time before 1970', { createdAt: '1969-12-31T23:59:59Z' }, 'createdAt lies before 1970'],
    ['a time in the future', { createdAt: '2026-11-21T00:01:01Z' }, 'createdAt lies in the future'],
    ['no content', { content: '' }, 'content must be a text that is not empty'],
    ['U+0000', { content: 'a\u0000b' }, 'content holds U+0000'],
    ['half a surrogate pair', { content: '\ud83e' }, 'half a surrogate pair'],
    [
      'too long a content',
      { content: '\u{1F984}'.repeat(10_001) },
      'content has 10001 code points, 10000 is the most',
    ],
    ['too many tags', { tags: Array.from({ length: 11 }, (_, i) => `t${i}`) }, 'tags must be at most 10'],
    ['an empty tag', { tags: [''] }, 'tags must be at most 10'],
    ['a tag that is a number', { tags: [1] }, 'tags must be at most 10'],
    ['a channel that is no text', { channel: null }, 'channel must be a text'],
  ])('is refused with %s, and not repaired', (_case, change, invalid) => {
    expect(judge({ ...good, ...change })).toEqual({ invalid: expect.stringContaining(invalid) });
  });

  it('takes 10 000 code points of any plane', () => {
    expect(judge({ ...good, content: '\u{1F984}'.repeat(10_000) })).not.toHaveProperty('invalid');
  });

  it('names every mistake at once', () => {
    expect(judge({ author: 1, content: 2 })).toEqual({
      invalid: expect.stringMatching(/author.*createdAt.*content/),
    });
  });
});
