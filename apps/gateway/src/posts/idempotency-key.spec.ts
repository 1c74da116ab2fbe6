import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashOfInput, readIdempotencyKey } from './idempotency-key.js';

describe('readIdempotencyKey', () => {
  it.each([
    [undefined, undefined],
    ['abc', 'abc'],
    ['  abc\t', 'abc'],
    ['"abc"', 'abc'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['!#$%&()*+,-./:;<=>?@[]^_`{|}~', '!#$%&()*+,-./:;<=>?@[]^_`{|}~'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    [String.raw`a\b`, String.raw`a\b`],
    ['a"b', 'a"b'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('reads %j as %j', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });

  it.each([
    '',
    ' ',
    '""',
    '"',
    '"open',
    String.raw`"open\"`,
    String.raw`"a\b"`,
    '"a"b"',
    '"a"; p=1',
    '"a b"',
    'two words',
    'a\u007f',
    'a\u0000',
    'ä',
    '"ä"',
    'x'.repeat(256),
    `"${'x'.repeat(256)}"`,
  ])('refuses %j, and says where it stands', (header) => {
    expect(() => readIdempotencyKey(header)).toThrow(
      expect.objectContaining({
        name: 'ProblemError',
        code: 'invalid_request',
        errors: [expect.objectContaining({ pointer: '!Idempotency-Key' })],
      }),
    );
  });

  it('reads the same key quoted and bare', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 255,
    });
    fc.assert(
      fc.property(visible, (key) => {
        expect(readIdempotencyKey(`"${key.replaceAll(/["\\]/g, '\\$&')}"`)).toBe(key);
        if (!key.startsWith('"')) expect(readIdempotencyKey(key)).toBe(key);
      }),
    );
  });
});

describe('hashOfInput', () => {
  it('is that of what is asked, not of how it is spelled', () => {
    const hash = hashOfInput({ content: 'x', channelId: 'c', tags: ['a'] });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOfInput({ tags: ['a'], channelId: 'c', content: 'x' })).toBe(hash);
    expect(hashOfInput({ content: 'x', tags: [] })).toBe(hashOfInput({ content: 'x' }));
  });

  it('differs with every property', () => {
    const inputs = [
      { content: 'x' },
      { content: 'y' },
      { content: 'x', channelId: 'c' },
      { content: 'x', replyTo: 'c' },
      { content: 'x', tags: ['c'] },
      { content: 'x', tags: ['c', 'd'] },
      { content: 'x', tags: ['c,d'] },
    ];
    expect(new Set(inputs.map(hashOfInput)).size).toBe(inputs.length);
  });
});
