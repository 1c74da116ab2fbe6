import { describe, expect, it } from '@jest/globals';
import type { Block } from '../bench.js';
import { overheads, telemetryPicture, telemetryText } from './telemetry.js';

const block = (microsPerPost: number): Block => ({
  ...{
    load: null,
    accepted: 100,
    committed: 100,
    acceptedPerSecond: 1_000,
    committedPerSecond: 0,
    memoryMiB: {},
  },
  cpu: { micros: { server: microsPerPost * 100 }, busy: 1, steal: 0, foreign: 0 },
});

describe('the cost of telemetry', () => {
  // The second round is on a machine twice as slow.
  const results = { off: [block(100), block(200)], '1 %': [block(105), block(230)], '100 %': [block(300)] };

  it('is compared within a round', () => {
    const [off, one, ten, all] = overheads(results);
    expect(off?.ratio).toEqual({ median: 1, min: 1, max: 1 });
    expect(one?.ratio).toEqual({ median: 1.1, min: 1.05, max: 1.15 });
    expect(one?.micros).toEqual({ median: 167.5, min: 105, max: 230 });
    expect(ten?.ratio.median).toBeNaN();
    expect(all?.ratio.median).toBe(3);
  });

  it('is told with its bound', () => {
    const verdicts = (of: typeof results): (string | undefined)[] =>
      telemetryText(of)
        .split('\n')
        .filter((line) => line.startsWith('1 %'))
        .map((line) => / (yes|no) /.exec(line)?.[1]);
    expect(verdicts(results)).toEqual(['yes']);
    expect(verdicts({ ...results, '1 %': [block(111), block(230)] })).toEqual(['no']);
    expect(telemetryPicture(results)).toContain('100 %');
  });
});
