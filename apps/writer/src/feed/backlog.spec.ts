import { describe, expect, it } from '@jest/globals';
import { Backlog } from './backlog.js';

describe('the backlog of a shard', () => {
  it('is seen by full batches, and forgotten two seconds after the last of them', () => {
    let now = 10_000;
    const backlog = new Backlog(() => now);
    expect(backlog.waits('s0')).toBe(false);
    for (const trigger of ['age', 'alone', 'stop'] as const) backlog.taken('s0', 'write', trigger);
    backlog.taken('s0', 'bulk', 'commands');
    expect(backlog.waits('s0')).toBe(false);
    for (const trigger of ['commands', 'bytes'] as const) {
      backlog.taken('s0', 'write', trigger);
      expect([backlog.waits('s0'), backlog.waits('s1')]).toEqual([true, false]);
      now += 1_999;
      expect(backlog.waits('s0')).toBe(true);
      now += 1;
      expect(backlog.waits('s0')).toBe(false);
    }
  });
});
