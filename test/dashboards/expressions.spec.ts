import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, notYet, readStack } from '@spillway/testing';
import { expressionsOf, readDashboards } from './dashboard-files.js';
import { evaluate } from '../prometheus/prometheus.js';
import { measuredTraffic } from '../prometheus/traffic.js';

/** Grafana's variable; longer than there, so that a slow machine has its two scrapes in it. */
const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '2m');

describe('every expression of the dashboards', () => {
  const prometheus = readStack().urlOf('prometheus');
  const expressions = readDashboards().flatMap(expressionsOf);

  beforeAll(() => measuredTraffic(prometheus, 'dashboards'), 120_000);

  it.each(expressions)('%s', async (_, expr) => {
    await eventually(
      'the expression has a value',
      async () => (await evaluate(prometheus, filled(expr))).length > 0 || notYet({ expr }),
      { deadlineMs: 25_000, everyMs: 1_000 },
    );
  });

  it('is refused when it is none', () => expect(evaluate(prometheus, 'sum(')).rejects.toThrow('sum('));
  it('has no value when nothing is measured under its name', async () =>
    expect(await evaluate(prometheus, 'posts_of_nobody_total')).toEqual([]));
});
