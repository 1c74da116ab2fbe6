import { describe, expect, it } from '@jest/globals';
import type { ShardLedger } from './measure-ledger.js';
import { isBalanced, shownLedger } from './shown-ledger.js';
import { untilBalanced } from './until-balanced.js';

const ledger = (fields: Partial<ShardLedger> = {}): ShardLedger => ({
  shard: 's0',
  at: 0,
  accepted: 10,
  committed: 9,
  duplicate: 0,
  superseded: 0,
  failed: 1,
  parked: 0,
  surplus: 2,
  messages: 0,
  gap: 0,
  ...fields,
});

describe('the ledger on the command line', () => {
  it('is balanced when no shard misses anything', () => {
    expect(isBalanced([ledger(), ledger({ shard: 's1' })])).toBe(true);
    expect(isBalanced([ledger(), ledger({ shard: 's1', gap: 1 })])).toBe(false);
  });

  it('says what it shows: all accounted for, as far as can be told, or missing', () => {
    expect(shownLedger([ledger()])).toMatch(/^s0 +10 +2 +9 +0 +0 +1 +0 +0 +0$/m);
    expect(shownLedger([ledger()])).toContain('every accepted command is accounted for');
    expect(shownLedger([ledger({ messages: 2 })])).toContain('as far as can be told');
    expect(shownLedger([ledger({ gap: 3 })])).toContain('NOT BALANCED');
  });

  it('looks again while there is a gap, and believes one that stays', async () => {
    const seen = [[ledger({ gap: 2 })], [ledger()]];
    let gaps = 0;
    const measure = () => Promise.resolve(seen.shift() ?? []);
    expect(await untilBalanced(measure, 60_000, () => gaps++)).toEqual([ledger()]);
    expect(gaps).toBe(1);
    const lost = [ledger({ gap: 2 })];
    expect(
      await untilBalanced(
        () => Promise.resolve(lost),
        50,
        () => undefined,
      ),
    ).toBe(lost);
    expect(
      await untilBalanced(
        () => Promise.resolve(lost),
        0,
        () => gaps++,
      ),
    ).toBe(lost);
    expect(gaps).toBe(1);
  });
});
