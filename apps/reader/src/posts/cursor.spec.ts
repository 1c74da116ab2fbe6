import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidFromBytes, uuidV7 } from '@spillway/contracts';
import { SigningKeys } from '@spillway/contracts/server';
import { issueCursor, readCursor, type Cursor } from './cursor.js';

const secret = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const keys = SigningKeys.parse(`a:${secret(1)}`, 'cursor');
const cursor: Cursor = {
  last: uuidV7(),
  position: { shard: 's0', timeline: 1, lsn: '00000016b374d848' },
};
const anyCursor: fc.Arbitrary<Cursor> = fc.record({
  last: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFromBytes),
  position: fc.record({
    shard: fc.stringMatching(/^[a-z0-9-]{1,16}$/),
    timeline: fc.integer({ min: 1, max: 0xffffffff }),
    lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, '0')),
  }),
});

describe('a cursor', () => {
  it('says where its page ended, to the list that it belongs to', () => {
    fc.assert(
      fc.property(anyCursor, fc.string(), (any, list) => {
        const text = issueCursor(keys, list, any);
        expect(text).toMatch(/^[A-Za-z0-9_-]{1,400}$/);
        expect(readCursor(keys, list, text)).toEqual(any);
      }),
    );
  });

  it('is void for a list of another tenant, another filter or none', () => {
    const list = JSON.stringify(['acme', 'news', null]);
    const text = issueCursor(keys, list, cursor);
    for (const other of [
      ['acm', 'news', null],
      ['acme', null, 'news'],
      ['acme', null, null],
      ['acme', 'news', 'bob'],
    ])
      expect(readCursor(keys, JSON.stringify(other), text)).toBeNull();
  });

  it('is void when any bit of it was changed', () => {
    const bytes = Buffer.from(issueCursor(keys, 'list', cursor), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (readCursor(keys, 'list', forged.toString('base64url')) !== null)
        throw new Error(`bit ${bit} was not missed`);
    }
  });

  it('is void when it is anything else, or was signed for another purpose', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{0,200}$/), (text) => {
        expect(readCursor(keys, 'list', text)).toBeNull();
      }),
    );
    const ticketKeys = SigningKeys.parse(`a:${secret(1)}`, 'ticket');
    expect(readCursor(keys, 'list', issueCursor(ticketKeys, 'list', cursor))).toBeNull();
  });

  it('outlives a rotation for as long as its key stays in the list', () => {
    const text = issueCursor(keys, 'list', cursor);
    const rotated = SigningKeys.parse(`b:${secret(2)},a:${secret(1)}`, 'cursor');
    expect(readCursor(rotated, 'list', text)).toEqual(cursor);
    expect(readCursor(SigningKeys.parse(`b:${secret(2)}`, 'cursor'), 'list', text)).toBeNull();
  });
});
