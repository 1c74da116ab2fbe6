import { describe, expect, it } from '@jest/globals';
import { barPanel, linePanel, niceTop, svgPage } from './svg.js';

describe('pictures', () => {
  it('finds a round end of an axis', () => {
    expect([0, 0.7, 1, 3, 21, 26, 5_001].map(niceTop)).toEqual([1, 1, 1, 5, 25, 50, 10_000]);
  });

  it('stacks bars up to their sum', () => {
    const bars = [{ label: 'a<b', values: [30, 20] }];
    const panel = barPanel({ title: 'T', yTitle: 'us', parts: ['one', 'two'], bars });
    // 250 high for 50: 150 and 100, one upon the other.
    expect(panel).toContain('y="140.0" width="448.0" height="150.0"');
    expect(panel).toContain('y="40.0" width="448.0" height="100.0"');
    expect(panel).toContain('a&lt;b');
  });

  it('draws lines from corner to corner, without what is not known', () => {
    const points: [number, number][] = [
      [0, 0],
      [50, Number.NaN],
      [100, 10],
    ];
    const panel = linePanel({ title: '', xTitle: 'x', yTitle: 'y', lines: [{ label: 'l', points }] });
    expect(panel).toContain('points="70.0,290.0 710.0,40.0"');
  });

  it('is a page of its own', () => {
    expect(svgPage(['<a/>', '<b/>'])).toMatch(/^<svg xmlns="[^"]+" viewBox="0 0 900 680".+<\/svg>\n$/s);
  });
});
