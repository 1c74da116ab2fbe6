import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lsnFromPostgres, reaches } from './position.js';

const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const asPostgres = (n: bigint): string =>
  `${(n >> 32n).toString(16).toUpperCase()}/${(n & 0xffffffffn).toString(16).toUpperCase()}`;

describe('lsnFromPostgres', () => {
  it.each([
    ['0/0', '0000000000000000'],
    ['16/B374D848', '00000016b374d848'],
    ['0/15', '0000000000000015'],
    ['FFFFFFFF/FFFFFFFF', 'ffffffffffffffff'],
  ])('reads %s', (text, hex) => {
    expect(lsnFromPostgres(text)).toBe(hex);
  });

  it('sorts as text in the order of positions', () => {
    fc.assert(
      fc.property(lsn, lsn, (a, b) => {
        expect(lsnFromPostgres(asPostgres(a)) < lsnFromPostgres(asPostgres(b))).toBe(a < b);
      }),
    );
  });
});

describe('reaches', () => {
  const at = { shard: 's0', timeline: 2, lsn: '0000000000000010' };
  it.each([
    ['the same position', {}, true],
    ['an earlier one', { lsn: '000000000000000f' }, true],
    ['a later one', { lsn: '0000000000000011' }, false],
    ['an earlier one of the timeline before', { timeline: 1, lsn: '0000000000000001' }, false],
    ['one of another shard', { shard: 's1' }, false],
  ])('compares with %s', (_what, difference, reached) => {
    expect(reaches(at, { ...at, ...difference })).toBe(reached);
  });
});
