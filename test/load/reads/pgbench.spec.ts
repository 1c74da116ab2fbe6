import { describe, expect, it } from '@jest/globals';
import { latenciesOf } from './pgbench.js';

describe('latenciesOf', () => {
  it('reads the latency, which counts from when a transaction was due', () => {
    const log = [
      '0 1 1500 0 1700000000 100 20',
      '1 1 2500 0 1700000000 200 0',
      '0 2 3500 0 1700000001 300 0',
      '',
    ];
    const read = latenciesOf(log.join('\n'));
    expect(read.count).toBe(3);
    expect(read.p50).toBeCloseTo(2.5, 1);
    expect(latenciesOf('')).toMatchObject({ count: 0, p50: Number.NaN });
  });
});
