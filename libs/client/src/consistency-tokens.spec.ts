import { describe, expect, it } from '@jest/globals';
import { issueConsistencyToken, SigningKeys } from '@spillway/contracts/server';
import { ConsistencyTokens, newestToken } from './consistency-tokens.js';

const keys = SigningKeys.parse(`a:${Buffer.alloc(32, 7).toString('base64')}`, 'consistency');
const token = (shard: string, timeline: number, lsn: number, now = 0): string =>
  issueConsistencyToken(keys, { shard, timeline, lsn: lsn.toString(16).padStart(16, '0') }, now);

describe('the newest of two consistency tokens', () => {
  const early = token('s0', 1, 0x0fff_ffff);
  const later = token('s0', 1, 0x1_0000_0000);
  const promoted = token('s0', 10, 1);

  it.each([
    ['the greater position of one timeline', early, later, later],
    ['whichever comes first', later, early, later],
    ['the later timeline, whatever its position', promoted, later, promoted],
    ['timelines by number, not by text', token('s0', 9, 5), promoted, promoted],
    ['the one learnt last, of different shards', later, token('s1', 1, 1), token('s1', 1, 1)],
    ['the only one there is', undefined, early, early],
    ['the one that can be read', early, 'c1.forged', early],
  ])('is %s', (_case, a, b, expected) => {
    expect(newestToken(a, b)).toBe(expected);
  });

  it('is none when neither can be read', () => {
    expect(newestToken(undefined, 'nonsense')).toBeUndefined();
  });
});

describe('tokens of several shards', () => {
  it('keeps the newest of each and offers the shard heard of last', () => {
    const tokens = new ConsistencyTokens();
    expect(tokens.newest()).toBeUndefined();
    for (const t of [token('s0', 1, 9), token('s1', 1, 4), token('s0', 1, 3), undefined, 'x']) tokens.add(t);
    expect(tokens.newest()).toBe(token('s0', 1, 9));
    expect(tokens.newest('s1')).toBe(token('s1', 1, 4));
    expect(tokens.newest('s2')).toBeUndefined();
  });
});
