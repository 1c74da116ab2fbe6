import { describe, expect, it } from '@jest/globals';
import { TalliedHistogram } from './tally.js';

const histogram = (): TalliedHistogram<{ route: string }> =>
  new TalliedHistogram({
    name: 'seconds',
    description: 'Seconds',
    boundaries: [0.1, 1],
    keyOf: ({ route }) => route,
  });

describe('TalliedHistogram', () => {
  it('counts a value in the bucket of the first boundary that it is not above', () => {
    const one = histogram();
    for (const value of [0, 0.1, 0.10001, 1, 1.5, 90]) one.record(value, { route: '/a' });
    expect(one.series()).toEqual([
      { labels: { route: '/a' }, counts: [2, 2, 2], sum: expect.closeTo(92.70001, 6), count: 6 },
    ]);
  });

  it('has a series for each set of labels', () => {
    const one = histogram();
    one.record(1, { route: '/a' });
    one.record(2, { route: '/b' });
    one.record(3, { route: '/a' });
    expect(one.series().map(({ labels, sum }) => [labels, sum])).toEqual([
      [{ route: '/a' }, 4],
      [{ route: '/b' }, 2],
    ]);
  });

  it('keeps 2,000 series, and counts all others in one that says so', () => {
    const one = histogram();
    for (let n = 0; n < 2_010; n++) one.record(1, { route: `/${n}` });
    one.record(1, { route: '/0' });
    expect(one.series()).toHaveLength(2_001);
    expect(one.series()[0]?.count).toBe(2);
    expect(one.series().at(-1)).toMatchObject({ labels: { 'otel.metric.overflow': true }, count: 10 });
  });
});
