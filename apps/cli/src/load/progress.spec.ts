import { describe, expect, it } from '@jest/globals';
import { progressLine } from './progress.js';
import { Tally } from './tally.js';

describe('the progress of a load', () => {
  const at = (elapsedMs: number, change: (tally: Tally) => void): string => {
    const tally = new Tally();
    change(tally);
    return progressLine(tally, 1_000, tally.startedAt + elapsedMs);
  };

  it('says how far it is, how fast, and how long it will take', () => {
    const line = at(10_000, (tally) => {
      Object.assign(tally, { bytesRead: 250, sent: 120, accepted: 100, committed: 90 });
      tally.lag.add(40);
    });
    expect(line).toBe(
      '25 %, 30.0 s left · sent 120 · accepted 100 (10/s) · committed 90 · failed 0 · invalid 0 · lag 40 ms',
    );
  });

  it('names trouble while it lasts, not afterwards', () => {
    const trouble = (tally: Tally): void => {
      tally.lastTrouble = { code: 'broker_unavailable', at: tally.startedAt };
    };
    expect(at(1_000, trouble)).toContain('repeating after broker_unavailable');
    expect(at(10_000, trouble)).not.toContain('broker_unavailable');
  });
});
