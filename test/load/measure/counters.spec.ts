import { describe, expect, it } from '@jest/globals';
import { sumOf } from './counters.js';

describe('sumOf', () => {
  it('adds the series of one counter', () => {
    const text = [
      '# TYPE posts_failed_total counter',
      'posts_failed_total{code="a b"} 2 1700000000000',
      'posts_failed_total{code="c"} 3',
      'posts_failed_total_more 100',
      'plain 7',
    ].join('\n');
    expect(sumOf(text, 'posts_failed_total')).toBe(5);
    expect(sumOf(text, 'plain')).toBe(7);
    expect(sumOf(text, 'none')).toBe(0);
  });
});
