import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonBody } from './json-body.js';
import { ProblemError } from './problem-error.js';

function refusal(body: string | Uint8Array): ProblemError {
  try {
    parseJsonBody(Buffer.from(body as string));
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('parseJsonBody', () => {
  it('reads what JSON.stringify wrote', () => {
    const names = fc.string().filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name));
    fc.assert(
      fc.property(
        fc.dictionary(
          names,
          fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
        ),
        (value) => {
          const text = JSON.stringify(value);
          expect(JSON.stringify(parseJsonBody(Buffer.from(text)))).toBe(text);
        },
      ),
    );
  });

  it.each(['', ' ', '{', '{"a":}', "{'a':1}", '{"a":1}}', '\ufeff{"a":1}', 'NaN', '{"a":"\n"}'])(
    '%j is malformed_json',
    (body) => expect(refusal(body).code).toBe('malformed_json'),
  );

  it.each([
    [[0xff]],
    [[0x22, 0xc3, 0x28, 0x22]],
    [[0x22, 0xed, 0xa0, 0x80, 0x22]],
    [[0x22, 0xc0, 0x80, 0x22]],
    [[0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22]],
  ])('bytes %j are no UTF-8', (bytes) => {
    expect(refusal(Uint8Array.from(bytes)).detail).toContain('UTF-8');
  });

  it.each([
    ['{"__proto__":{"admin":true}}', '/__proto__'],
    ['{"\\u005f_proto__":1}', '/__proto__'],
    ['{"a":[{"constructor":{"prototype":{}}}]}', '/a/0/constructor'],
    ['{"a":{"prototype":1}}', '/a/prototype'],
  ])('%s is refused with a pointer', (body, pointer) => {
    const { code, errors } = refusal(body);
    expect(code).toBe('invalid_request');
    expect(errors?.[0]?.pointer).toBe(pointer);
  });

  it('refuses depth itself, without recursion', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJsonBody(Buffer.from(nested(16)))).toBeInstanceOf(Array);
    expect(refusal(nested(17)).code).toBe('invalid_request');
    expect(refusal(nested(30_000)).code).toBe('invalid_request');
  });
});
