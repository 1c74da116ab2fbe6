import { describe, expect, it } from '@jest/globals';
import type { Invariant } from './checker.js';
import type { FaultResult } from './result.js';
import { verdictOf, verdictOfBroken } from './verdict.js';

const result = (
  title: string,
  state: FaultResult['result'],
  invariants: readonly Invariant[],
): FaultResult => ({
  ...{ id: 'F0', title, result: state, sent: 0, accepted: 0, refused: 0, unknown: 0, committed: 0 },
  violations: invariants.map((invariant) => ({ invariant, op: null, detail: 'seeded' })),
  ...{
    broken: [],
    formerRate: 0,
    recoveredAfterMs: null,
    drainedAfterMs: null,
    peakMemoryMiB: {},
    tookMs: 0,
  },
});

describe('the verdict', () => {
  it('is sound when something ran and all of it passed', () => {
    const later = result('later', 'not built yet', []);
    expect(verdictOf([result('a', 'passed', []), later])).toEqual({
      lines: ['1 passed, 0 failed'],
      sound: true,
    });
    expect(verdictOf([later]).sound).toBe(false);
    expect(verdictOf([result('a', 'passed', []), result('b', 'error', [])]).sound).toBe(false);
  });

  it('of a broken build is sound when the invariant that it violates was reported, and no other will do', () => {
    const caught = result('ack-before-commit: …', 'failed', ['I1', 'I1', 'I8']);
    expect(verdictOfBroken([caught])).toEqual({
      lines: ['ack-before-commit: caught by F12, 2 violations of I1 reported.'],
      sound: true,
    });
    const other = result('key-only-in-redis: …', 'failed', ['I1', 'I8']);
    expect(verdictOfBroken([caught, other])).toMatchObject({ sound: false });
    expect(verdictOfBroken([other]).lines).toEqual([expect.stringMatching(/NOT caught by F23/)]);
    expect(verdictOfBroken([]).sound).toBe(false);
  });
});
