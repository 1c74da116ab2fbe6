import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, notYet, readStack } from '@spillway/testing';
import { callerOf } from '../e2e/api.js';
import { expressionsOf, readDashboards } from './dashboard-files.js';
import { evaluate, scrapedBefore } from '../prometheus/prometheus.js';

/** Grafana's variable; longer than there, so that a slow machine has its two scrapes in it. */
const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '2m');

async function traffic(): Promise<void> {
  const api = await callerOf('dashboards');
  for (let n = 1; n <= 3; n++) {
    const { job } = await api.postAndFollow({ content: `seen ${n}` });
    expect(job.status).toBe('completed');
    expect((await api.send('GET', '/v1/posts')).status).toBe(200);
    expect((await api.send('GET', `/v1/posts/${job.postId}`)).status).toBe(200);
  }
}

describe('every expression of the dashboards', () => {
  const prometheus = readStack().urlOf('prometheus');
  const expressions = readDashboards().flatMap(expressionsOf);

  // A rate sees what comes after a series' first scrape: some traffic makes the series, the rest is measured.
  beforeAll(async () => {
    await traffic();
    const made = Date.now();
    await eventually(
      'Prometheus has scraped everything since',
      async () => {
        const late = await scrapedBefore(prometheus, made);
        return late.length === 0 || notYet(late);
      },
      { deadlineMs: 60_000, everyMs: 500 },
    );
    await traffic();
  }, 120_000);

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
