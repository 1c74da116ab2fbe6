import { describe, expect, it } from '@jest/globals';
import type { Block } from '../bench.js';
import type { Latency, LoadResult } from '../client/order.js';
import { ratios, unitOf, verdictOf, type Ratio } from './ratios.js';

const block = (changes: Partial<Block>): Block => ({
  ...{ load: null, accepted: 0, committed: 0, acceptedPerSecond: 0, committedPerSecond: 0, memoryMiB: {} },
  cpu: { micros: {}, busy: 1, steal: 0, foreign: 0 },
  ...changes,
});
const micros = (posts: number, values: Block['cpu']['micros']): Block =>
  block({
    accepted: posts,
    committed: posts,
    cpu: { micros: values, busy: 1, steal: 0, foreign: 0 },
  });
const latency = (p99 = 0): Latency => ({ count: 100, p50: 1, p95: 2, p99, max: p99 });
const answered = (p99 = 0): LoadResult => ({
  ...{ elapsedMs: 1_000, due: 100, unsent: 0, statuses: {}, acceptedInTime: 100 },
  ...{ accepted: latency(p99), refused: latency(), refusedService: latency() },
});
const valueOf = (all: readonly Ratio[], figure: string): Ratio => {
  const found = all.find((ratio) => ratio.figure.startsWith(figure));
  if (!found) throw new Error(`no figure ${figure}`);
  return found;
};

describe('ratios', () => {
  const results = {
    bare: [40, 50, 900].map((each) => micros(10, { server: each * 10 })),
    gateway: [{ ...micros(100, { gateway: 20_000, rabbitmq: 5_000 }), acceptedPerSecond: 1_000 }],
    whole: [micros(10, { gateway: 2_000, rabbitmq: 500, writer: 250, 'postgres-primary': 250, edge: 9_999 })],
    drain: [
      block({
        committed: 10,
        cpu: { micros: { writer: 600, 'postgres-primary': 400 }, busy: 1, steal: 0, foreign: 0 },
      }),
    ],
    overload4: [block({ acceptedPerSecond: 850 })],
    latency: [
      [20, 5],
      [900, 300],
      [30, 10],
    ].map(([accepted, confirm]) => block({ load: answered(accepted), confirms: latency(confirm) })),
    batch: [micros(1_000, { gateway: 20_000 })],
  };
  const all = ratios(results);

  it('takes the middle of the blocks as the unit', () => {
    expect(unitOf(results)).toEqual({ median: 50, min: 40, max: 900 });
  });

  it.each([
    ['gateway, CPU', 4, 'at least'],
    ['accept to commit', 6, 'at least'],
    ['writer + primary', 2, 'at least'],
    ['goodput at 4x', 0.85, 'missed'],
    ['batch', 10, 'at least'],
    ['accepted p99', 3, 'aim'],
  ] as const)('%s', (figure, value, verdict) => {
    const ratio = valueOf(all, figure);
    expect(ratio.value).toBeCloseTo(value);
    expect(verdictOf(ratio)).toBe(verdict);
  });

  it('says what was not measured', () => {
    expect(verdictOf(valueOf(all, 'goodput at 10x'))).toBe('not measured');
    expect(verdictOf(valueOf(ratios({}), 'accepted p99'))).toBe('not measured');
  });

  it('keeps bounds in both directions', () => {
    const ratio = { figure: '', unit: '', atLeast: 8, aim: 15, better: 'more' } as const;
    expect([15, 14, 7].map((value) => verdictOf({ ...ratio, value }))).toEqual(['aim', 'at least', 'missed']);
  });
});
