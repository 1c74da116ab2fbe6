import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from '@spillway/contracts';
import { ArrayMaxSize, validateSync } from 'class-validator';
import fc from 'fast-check';
import { mistakesOf } from './rule-detail.js';
import { ClassCheck } from './schema/class-check.js';
import {
  IntegerText,
  IsUuidText,
  IsUuidV7Text,
  MayBeAbsent,
  Storable,
  TextForm,
  TextLength,
} from './text-rules.js';

class Sample {
  @MayBeAbsent() @TextLength(1, 5) text?: unknown;
  @MayBeAbsent() @Storable() storable?: unknown;
  @MayBeAbsent() @IsUuidText() uuid?: unknown;
  @MayBeAbsent() @IsUuidV7Text() uuidV7?: unknown;
  @MayBeAbsent() @TextForm(/^[a-z]{1,3}$/, 'one to three letters') form?: unknown;
  @MayBeAbsent() @IntegerText(1, 100) limit?: unknown;
  @MayBeAbsent() @ArrayMaxSize(3) @TextLength(1, 2, { each: true }) tags?: unknown;
}

/** The messages of the broken rules of one property. */
function messages(property: keyof Sample, value: unknown): string[] {
  const check = ClassCheck.of(Sample);
  const prepared = check.prepared({ [property]: value });
  const said = validateSync(Object.assign(new Sample(), prepared)).flatMap((error) =>
    Object.values(error.constraints ?? {}),
  );
  expect(check.accepts(prepared)).toBe(said.length === 0);
  return said;
}
const accepts = (property: keyof Sample, value: unknown): boolean => messages(property, value).length === 0;

describe('TextLength', () => {
  it('counts code points, whatever they are made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const length = [...text].length;
        expect(accepts('text', text)).toBe(length >= 1 && length <= 5);
      }),
    );
  });

  it.each([
    ['', false],
    ['a', true],
    ['abcde', true],
    ['abcdef', false],
    ['👍👍👍👍👍', true],
    ['👍👍👍👍👍👍', false],
    ['❤️❤️', true],
    ['❤️❤️❤️', false],
    ['👨‍👩‍👧', true],
  ])('%j: %s', (text, accepted) => expect(accepts('text', text)).toBe(accepted));

  it.each([null, 5, true, {}, ['a'], new Date(0)])('refuses %j, which is no text', (value) =>
    expect(accepts('text', value)).toBe(false),
  );
});

describe('Storable', () => {
  it('accepts every well-formed text without U+0000', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(accepts('storable', text)).toBe(!text.includes('\0'));
      }),
    );
  });

  it('refuses a lone surrogate anywhere', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii' }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
        fc.string({ unit: 'grapheme-ascii' }),
        (before, unit, after) => {
          expect(accepts('storable', before + String.fromCharCode(unit) + after)).toBe(false);
        },
      ),
    );
  });
});

describe('ids', () => {
  it('accepts every id we mint', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (time) => {
        const id = uuidV7(time);
        expect(accepts('uuid', id)).toBe(true);
        expect(accepts('uuidV7', id)).toBe(true);
      }),
    );
  });

  it.each([
    '',
    'x',
    '018F0000-0000-7000-8000-000000000000',
    '{018f0000-0000-7000-8000-000000000000}',
    '018f0000-0000-7000-8000-00000000000\n',
  ])('refuses %j', (value) => expect(accepts('uuid', value)).toBe(false));

  it('tells a version 7 from others', () => {
    expect(accepts('uuidV7', '018f0000-0000-4000-8000-000000000000')).toBe(false);
  });
});

describe('TextForm and IntegerText', () => {
  it('says the form in words', () => {
    expect(messages('form', 'abcd')).toEqual(['must be one to three letters']);
    expect(accepts('form', 'abc')).toBe(true);
  });

  it.each(['1', '100', '007'])('takes %j as a number', (value) => {
    expect(ClassCheck.of(Sample).prepared({ limit: value })).toEqual({ limit: Number(value) });
    expect(accepts('limit', value)).toBe(true);
  });

  it.each(['', '0', '101', '-1', '1.5', '1e1', '0x10', ' 1', '1 ', '١', '9'.repeat(20), null, ['1', '2']])(
    'refuses %j',
    (value) => expect(accepts('limit', value)).toBe(false),
  );
});

describe('lists', () => {
  it('names the entries that are wrong', () => {
    const [message = ''] = messages('tags', ['ok', '', 'ok', 7].slice(0, 3));
    expect(mistakesOf(message)).toEqual([{ step: '/1', detail: 'must be a text of 1 to 2 characters' }]);
    const [two = ''] = messages('tags', ['toolong', 'ok', 7]);
    expect(mistakesOf(two).map(({ step }) => step)).toEqual(['/0', '/2']);
  });

  it.each(['ab', {}, null, 3])('refuses %j in place of a list', (value) =>
    expect(messages('tags', value)).toContain('must be a list'),
  );

  it('has its own limit', () => expect(accepts('tags', ['a', 'b', 'c', 'd'])).toBe(false));
});
