import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ndjsonLines } from './ndjson-lines.js';

const texts = (document: string, most = 100): string[] | null =>
  ndjsonLines(Buffer.from(document), most)?.map(String) ?? null;

describe('ndjsonLines', () => {
  it.each([
    ['nothing', '', []],
    ['only blank lines', '\n\r\n \t\n', []],
    ['a last line without its end', '1\n2', ['1', '2']],
    ['a last line with its end', '1\n2\n', ['1', '2']],
    ['CR LF, of which JSON allows the CR', '1\r\n\r\n2\r\n', ['1\r', '2\r']],
    ['blank lines everywhere', '\n\n1\n  \n2\n\n', ['1', '2']],
  ])('reads %s', (_case, document, expected) => expect(texts(document)).toEqual(expected));

  it('gives back every value, whatever its characters', () => {
    const values = fc.array(fc.string({ unit: 'binary' }), { maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom('\n', '\r\n', '\n\n'), fc.boolean(), (list, end, ended) => {
        const document = list.map((value) => JSON.stringify(value)).join(end) + (ended ? end : '');
        expect(texts(document)?.map((line): unknown => JSON.parse(line))).toEqual(list);
      }),
    );
  });

  it('takes as many as allowed and not one more, blank lines aside', () => {
    expect(texts('1\n\n2\n\n\n', 2)).toEqual(['1', '2']);
    expect(texts('1\n2\n3', 2)).toBeNull();
  });
});
