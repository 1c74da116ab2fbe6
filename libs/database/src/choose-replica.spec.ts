import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eligible, lessBusyOfTwo, type Candidate } from './choose-replica.js';

const at = (lsn: string, timeline = 1, shard = 's0') => ({ shard, timeline, lsn: lsn.padStart(16, '0') });
const replica = (fields: Partial<Candidate> = {}): Candidate => ({
  position: at('10'),
  lagMs: 0,
  inFlight: 0,
  latencyMs: 1,
  ...fields,
});

describe('eligible', () => {
  it('leaves out what is too far behind', () => {
    const near = replica({ lagMs: 2000 });
    expect(eligible([near, replica({ lagMs: 2001 })], 2000)).toEqual([near]);
  });

  it('leaves out what has not reached the position that is asked for', () => {
    const exact = replica();
    const past = replica({ position: at('11') });
    const short = replica({ position: at('f') });
    const unknown = replica({ position: undefined });
    expect(eligible([exact, past, short, unknown], 2000, at('10'))).toEqual([exact, past]);
    expect(eligible([exact, unknown], 2000)).toEqual([exact, unknown]);
  });

  it('takes no replica of another timeline or shard, however far its log is', () => {
    const others = [replica({ position: at('ff', 2) }), replica({ position: at('ff', 1, 's1') })];
    expect(eligible(others, 2000, at('10'))).toEqual([]);
  });
});

describe('lessBusyOfTwo', () => {
  /** Answers with the given numbers in turn. */
  const dice = (...numbers: number[]) => {
    return () => numbers.shift() ?? 0;
  };

  it('takes the one with less under way, and among equals the quicker one', () => {
    const busy = replica({ inFlight: 9 });
    const idle = replica({ inFlight: 0 });
    const slow = replica({ inFlight: 0, latencyMs: 30 });
    expect(lessBusyOfTwo([busy, idle], dice(0, 0.9))).toBe(idle);
    expect(lessBusyOfTwo([busy, idle], dice(0.9, 0))).toBe(idle);
    expect(lessBusyOfTwo([slow, idle], dice(0, 0.9))).toBe(idle);
    expect(lessBusyOfTwo([slow, busy], dice(0, 0.9))).toBe(busy);
  });

  it('asks two at random, so the least busy of all is not stampeded', () => {
    const candidates = [replica({ inFlight: 5 }), replica({ inFlight: 4 }), replica({ inFlight: 0 })];
    expect(lessBusyOfTwo(candidates, dice(0, 0.5))).toBe(candidates[1]);
  });

  it('takes the only one there is, and none of none', () => {
    const only = replica();
    expect(lessBusyOfTwo([only])).toBe(only);
    expect(lessBusyOfTwo([])).toBeUndefined();
  });

  it('always takes one of those it was given', () => {
    const some = fc.array(fc.record({ inFlight: fc.nat(100), latencyMs: fc.integer({ min: 1, max: 500 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(some, (loads) => {
        const candidates = loads.map((load) => replica(load));
        expect(candidates).toContain(lessBusyOfTwo(candidates));
      }),
    );
  });
});
