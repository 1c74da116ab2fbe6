import { describe, expect, it } from '@jest/globals';
import { isUuidV7, uuidV7Time } from '@spillway/contracts';
import fc from 'fast-check';
import { importId } from './import-id.js';

const line = fc.record({
  number: fc.integer({ min: 1, max: 50 }),
  text: fc.string({ maxLength: 5 }),
  at: fc.nat(3),
});
const idOf = ({ number, text, at }: { number: number; text: string; at: number }): string =>
  importId(number, Buffer.from(text), at);

describe('the id of a line', () => {
  it('is a UUIDv7 of the time of the message', () => {
    const at = Date.parse('1996-03-01T10:00:00.123Z');
    const id = importId(7, Buffer.from('{}'), at);
    expect(isUuidV7(id)).toBe(true);
    expect(uuidV7Time(id)).toBe(at);
  });

  it('stays what it is: a load that was begun before must find its posts again', () => {
    expect(importId(1, Buffer.from('{"author":"a"}'), 1_000_000_000_000)).toBe(
      '00e8d4a5-1000-732d-beca-2b61b09ab993',
    );
  });

  it('differs between any two lines, equal ones at different places included', () => {
    const unlike = fc.uniqueArray(line, {
      selector: (l) => `${l.number}|${l.text}`,
      minLength: 2,
      maxLength: 200,
    });
    fc.assert(fc.property(unlike, (lines) => new Set(lines.map(idOf)).size === lines.length));
  });

  it('is not fooled by a line that begins with a number', () => {
    expect(importId(1, Buffer.from('1\nx'), 0)).not.toBe(importId(11, Buffer.from('x'), 0));
    expect(importId(1, Buffer.from('2x'), 0)).not.toBe(importId(12, Buffer.from('x'), 0));
  });
});
