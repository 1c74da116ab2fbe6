import { describe, expect, it } from '@jest/globals';
import { eventually, eventuallyReaches, notYet } from './eventually.js';

describe('eventually', () => {
  it('returns the first answer that is one', async () => {
    let looks = 0;
    const answer = await eventually('the third look', () => (++looks === 3 ? 'seen' : null), { everyMs: 1 });
    expect(answer).toBe('seen');
    expect(looks).toBe(3);
  });

  it('takes 0 and the empty text for answers', async () => {
    expect(await eventually('a number', () => 0)).toBe(0);
    expect(await eventually('a text', () => '')).toBe('');
  });

  it('names what was awaited and what was seen last', async () => {
    const wait = eventually('five rows', () => notYet({ rows: 4 }), { deadlineMs: 30, everyMs: 5 });
    await expect(wait).rejects.toThrow('Waited 30 ms in vain: five rows. Last seen: { rows: 4 }');
  });

  it('keeps looking past an error and shows the last one', async () => {
    const wait = eventually('an answer', () => Promise.reject(new Error('connection refused')), {
      deadlineMs: 30,
      everyMs: 5,
    });
    await expect(wait).rejects.toThrow('Last seen: connection refused');
  });

  it('ends at its deadline although the probe hangs', async () => {
    const wait = eventually('an answer', () => new Promise<string>(() => undefined), { deadlineMs: 30 });
    await expect(wait).rejects.toThrow('the probe itself did not answer');
  });
});

describe('eventuallyReaches', () => {
  it('waits until the position is at or past the wanted one', async () => {
    const positions = ['0000000000000001', '000000000000000a', '00000000000000ff'];
    const reached = await eventuallyReaches(
      'the replica',
      '000000000000000b',
      () => positions.shift() ?? null,
      {
        everyMs: 1,
      },
    );
    expect(reached).toBe('00000000000000ff');
  });

  it('shows the position that was not enough', async () => {
    const wait = eventuallyReaches('the offset', 10, () => 9, { deadlineMs: 20, everyMs: 5 });
    await expect(wait).rejects.toThrow('the offset reaches 10. Last seen: 9');
  });
});
