import { describe, expect, it } from '@jest/globals';
import { History, type RequestRecord } from './history.js';
import { timeToRecover } from './recovery.js';

/** Accepted first attempts, answered at these times. */
function historyOf(times: readonly number[]): History {
  const history = new History();
  for (const t1 of times) {
    const answer = { kind: 'accepted', jobId: 'j', commandId: 'c', postId: 'p' } as const;
    const who = { tenant: 't', sub: 's', postId: null, channelId: null, tags: [] };
    const what = { op: 'x', attempt: 1, method: 'POST', marker: '', content: '' } as const;
    const record: RequestRecord = { ...who, ...what, t0: t1 - 5, t1, answer };
    history.requests.push(record);
  }
  return history;
}

const every = (stepMs: number, from: number, to: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / stepMs) }, (_, i) => from + i * stepMs);

describe('timeToRecover', () => {
  it('is nothing when the rate never fell', () => {
    expect(timeToRecover(historyOf(every(10, 0, 10_000)), 100, 4_000, 10_000)).toBe(0);
  });

  it('is the pause after healing', () => {
    const history = historyOf([...every(10, 0, 4_000), ...every(10, 7_000, 12_000)]);
    const after = timeToRecover(history, 100, 4_000, 12_000);
    expect(after).toBeGreaterThanOrEqual(2_700);
    expect(after).toBeLessThanOrEqual(3_000);
  });

  it('is null while less than 90 % came back', () => {
    const history = historyOf([...every(10, 0, 4_000), ...every(12, 4_000, 20_000)]);
    expect(timeToRecover(history, 100, 4_000, 20_000)).toBeNull();
  });
});
