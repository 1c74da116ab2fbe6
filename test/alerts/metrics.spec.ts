import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, notYet, readStack } from '@spillway/testing';
import { evaluate, ruleHealth } from '../prometheus/prometheus.js';
import { measuredTraffic } from '../prometheus/traffic.js';
import { alertsIn, ruleFiles } from './alert-files.js';
import { groupedBy, selectorsIn } from './selectors.js';

/** What has no series while all is well; its label is asked for instead, where others have it. */
const ONLY_IN_TROUBLE: Readonly<Record<string, string | null>> = {
  'status=~"5.."': 'status!=""',
  'status=~"429"': 'status!=""',
  'error_type!=""': null,
};

/** Every question about series that an alert depends on: each selector, with each label it is grouped by. */
const questions = ruleFiles()
  .flatMap(alertsIn)
  .flatMap(({ alert, expr }) => {
    const labels = groupedBy(expr).map((label) => `${label}!=""`);
    return selectorsIn(expr).map(({ metric, matchers }): readonly [string, string] => {
      const usual = matchers
        .map((matcher) => (matcher in ONLY_IN_TROUBLE ? ONLY_IN_TROUBLE[matcher] : matcher))
        .filter((matcher) => typeof matcher === 'string');
      return [alert, `${metric}{${[...new Set([...usual, ...labels])].join(',')}}`];
    });
  });

describe('in the Prometheus of a running stack', () => {
  const prometheus = readStack().urlOf('prometheus');

  beforeAll(() => measuredTraffic(prometheus, 'alerts'), 120_000);

  it.each(questions)('%s finds %s', async (_, selector) => {
    await eventually(
      'there are such series',
      async () => (await evaluate(prometheus, selector)).length > 0 || notYet(selector),
      { deadlineMs: 25_000, everyMs: 1_000 },
    );
  });

  it('every alert is evaluated without an error', async () => {
    const health = await eventually(
      'every rule was evaluated',
      async () => {
        const rules = await ruleHealth(prometheus);
        return rules.every((rule) => !rule.endsWith(' unknown')) ? rules : notYet(rules);
      },
      { deadlineMs: 40_000, everyMs: 1_000 },
    );
    const names = ruleFiles()
      .flatMap(alertsIn)
      .map(({ alert }) => `${alert} ok`);
    expect([...health].sort()).toEqual(names.sort());
  });
});

describe('the questions of the alerts', () => {
  it('are read from expressions as Prometheus reads them', () => {
    const expr =
      'sum by (app, le) (rate(a_count{app="x",le=~"5|5.0"}[5m])) / (b > 1) and deriv(c{d!="}"}[1h:15s]) > up';
    expect(selectorsIn(expr)).toEqual([
      { metric: 'a_count', matchers: ['app="x"', 'le=~"5|5.0"'] },
      { metric: 'b', matchers: [] },
      { metric: 'c', matchers: ['d!="}"'] },
      { metric: 'up', matchers: [] },
    ]);
    expect(groupedBy(expr)).toEqual(['app', 'le']);
  });

  it('leave out only matchers that there are', () => {
    const all = ruleFiles()
      .flatMap(alertsIn)
      .flatMap(({ expr }) => selectorsIn(expr).flatMap(({ matchers }) => matchers));
    expect(Object.keys(ONLY_IN_TROUBLE).filter((matcher) => !all.includes(matcher))).toEqual([]);
  });
});
