import { describe, expect, it } from '@jest/globals';
import { alertsIn, ruleFiles } from '../alerts/alert-files.js';
import { durationMs, scaledRule, shortestRangeMs } from './scaled-rules.js';

describe('scaled rules', () => {
  it('divide for, ranges and steps, and nothing else', () => {
    const expr = 'sum(rate(a{le="5"}[5m])) > 300 and deriv(b[1h:15s]) > 0';
    expect(scaledRule({ alert: 'A', expr, for: '2m' }, 6)).toEqual({
      alert: 'A',
      expr: 'sum(rate(a{le="5"}[50000ms])) > 300 and deriv(b[600000ms:2500ms]) > 0',
      for: '20000ms',
    });
    expect(scaledRule({ expr: 'up == 0' }, 6)).toEqual({ expr: 'up == 0' });
  });

  it('are refused when they have durations that would stay as they are', () => {
    expect(() => scaledRule({ expr: 'a offset 5m' }, 6)).toThrow('offset');
    expect(() => scaledRule({ expr: 'a[soon]' }, 6)).toThrow('soon');
    const kept = { expr: 'a', keep_firing_for: '5m' };
    expect(() => scaledRule(kept, 6)).toThrow('keep_firing_for');
  });

  it('know all our rules: divided by one they mean the same', () => {
    for (const rule of ruleFiles().flatMap(alertsIn)) {
      const ranges = [...rule.expr.matchAll(/\d+[smh](?=[\]:])/g)].map(([range]) => durationMs(range));
      const same = scaledRule(rule, 1);
      expect([...same.expr.matchAll(/(\d+)ms(?=[\]:])/g)].map(([, ms]) => Number(ms))).toEqual(ranges);
      expect(durationMs(same.for ?? '')).toBe(durationMs(rule.for ?? ''));
    }
  });

  it('look back at least as far as their shortest range', () => {
    expect(shortestRangeMs({ expr: 'rate(a[1h]) > 1 and rate(a[5m]) > 1' })).toBe(300_000);
    expect(shortestRangeMs({ expr: 'up == 0' })).toBe(0);
    expect(durationMs('1h30m')).toBe(5_400_000);
  });
});
