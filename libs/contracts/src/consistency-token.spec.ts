import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CONSISTENCY_TOKEN_VALID_MS,
  issueConsistencyToken,
  readConsistencyToken,
} from './consistency-token.js';
import type { Position } from './position.js';
import { SigningKeys } from './signing-keys.js';

const secret = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const keys = SigningKeys.parse(`a:${secret(1)}`, 'consistency');
const NOW = 1_760_000_000_000;
const position: Position = { shard: 's0', timeline: 1, lsn: '00000016b374d848' };
const anyPosition: fc.Arbitrary<Position> = fc.record({
  shard: fc.stringMatching(/^[a-z0-9-]{1,16}$/),
  timeline: fc.integer({ min: 1, max: 0xffffffff }),
  lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, '0')),
});

describe('a consistency token', () => {
  it('gives the position back, in at most 100 characters of a header', () => {
    fc.assert(
      fc.property(anyPosition, (any) => {
        const token = issueConsistencyToken(keys, any, NOW);
        expect(token).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
        expect(readConsistencyToken(keys, token, NOW)).toEqual(any);
      }),
    );
  });

  it('never gives another position, whichever character was changed', () => {
    const token = issueConsistencyToken(keys, position, NOW);
    fc.assert(
      fc.property(fc.nat(token.length - 2), fc.stringMatching(/^[A-Za-z0-9._-]$/), (at, character) => {
        fc.pre(token[at] !== character);
        const forged = token.slice(0, at) + character + token.slice(at + 1);
        expect(readConsistencyToken(keys, forged, NOW)).toBeNull();
      }),
      { numRuns: 1000 },
    );
    // The last character holds 2 bits of the signature and 4 that mean nothing.
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const read = readConsistencyToken(keys, token.slice(0, -1) + last, NOW);
      if (read !== null) expect(read).toEqual(position);
    }
  });

  it('cannot be made to last longer or to lie further ahead', () => {
    const parts = issueConsistencyToken(keys, position, NOW).split('.');
    const withPart = (at: number, text: string): string => parts.with(at, text).join('.');
    expect(readConsistencyToken(keys, withPart(4, 'ffffffffffffffff'), NOW)).toBeNull();
    expect(readConsistencyToken(keys, withPart(5, 'zzzzzzzz'), NOW)).toBeNull();
    expect(readConsistencyToken(keys, withPart(2, 's1'), NOW)).toBeNull();
  });

  it('expires after a day', () => {
    const token = issueConsistencyToken(keys, position, NOW);
    expect(readConsistencyToken(keys, token, NOW + CONSISTENCY_TOKEN_VALID_MS)).toEqual(position);
    expect(readConsistencyToken(keys, token, NOW + CONSISTENCY_TOKEN_VALID_MS + 1000)).toBeNull();
  });

  it('is void under the key of another purpose and under a key that was removed', () => {
    const token = issueConsistencyToken(keys, position, NOW);
    expect(readConsistencyToken(SigningKeys.parse(`a:${secret(1)}`, 'ticket'), token, NOW)).toBeNull();
    expect(readConsistencyToken(SigningKeys.parse(`b:${secret(2)}`, 'consistency'), token, NOW)).toBeNull();
    const rotated = SigningKeys.parse(`b:${secret(2)},a:${secret(1)}`, 'consistency');
    expect(readConsistencyToken(rotated, token, NOW)).toEqual(position);
  });

  it('is void when it is anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(readConsistencyToken(keys, text, NOW)).toBeNull();
      }),
    );
  });
});
