import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { METRIC_NAMES } from '../e2e/metric-names.js';
import { ALERTS, alertsIn, RUNBOOKS, ruleFiles, runbooks, unitFiles, unitsIn } from './alert-files.js';

const OURS: readonly string[] = Object.values(METRIC_NAMES).flat();
/** Of RabbitMQ, the exporters, Prometheus itself and the instrumentations of OpenTelemetry. */
const OF_OTHERS = /^(?:rabbitmq_|pgbouncer_|node_|db_client_|otel_sdk_|up$)/;
const HEADINGS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation'];

const promtool = (command: string, files: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', [command, 'rules', ...files], {
    cwd: ALERTS,
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, said: status === 0 ? '' : stdout + stderr };
};

/** The metrics an expression selects: names before a label set, a range or a closing bracket. */
const metricsIn = (expr: string): string[] =>
  [...expr.matchAll(/([a-z_]+)(?=[{[)])/g)]
    .map(([, name = '']) => name.replace(/_(?:bucket|count|sum)$/, ''))
    .filter((name) => /_|^up$/.test(name))
    .filter((name) => !expr.includes(`by (${name})`));

describe('the alerts', () => {
  const alerts = ruleFiles().flatMap(alertsIn);
  const names = alerts.map(({ alert }) => alert);
  const expectations = unitFiles().flatMap((file) =>
    unitsIn(file).tests.flatMap((test) => test.alert_rule_test ?? []),
  );

  it('are rules to Prometheus', () =>
    expect(promtool('check', ruleFiles())).toEqual({ status: 0, said: '' }));
  it(
    'pass their units',
    () => expect(promtool('test', unitFiles())).toEqual({ status: 0, said: '' }),
    120_000,
  );
  it('have names of their own', () => expect(new Set(names).size).toBe(names.length));

  it('have a file of units beside each file of rules, for that file', () => {
    expect(unitFiles()).toEqual(ruleFiles().map((file) => file.replace('.rules.', '.test.')));
    expect(unitFiles().flatMap((file) => unitsIn(file).rule_files)).toEqual(ruleFiles());
  });

  it.each(alerts)('$alert is made to fire and to stay silent by units', ({ alert }) => {
    const counts = expectations
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => exp_alerts?.length ?? 0);
    expect(counts.some((count) => count > 0)).toBe(true);
    expect(counts).toContain(0);
  });

  it.each(alerts)('$alert says how urgent it is, what is wrong and where to read on', (rule) => {
    expect(['page', 'ticket']).toContain(rule.labels?.severity);
    expect(rule.for).toMatch(/^\d+[smh]$/);
    expect(rule.annotations?.summary).toMatch(/\S/);
    expect(rule.annotations?.description).toMatch(/\{\{ \$value\b.*\}\}/);
    expect(rule.annotations?.runbook).toBe(`deploy/runbooks/${rule.alert}.md`);
  });

  it.each(alerts)('$alert asks only for metrics that there are', ({ expr }) => {
    const asked = metricsIn(expr);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !OURS.includes(name) && !OF_OTHERS.test(name))).toEqual([]);
  });
});

describe('the runbooks', () => {
  it('are one for each alert', () =>
    expect(runbooks()).toEqual(
      ruleFiles()
        .flatMap(alertsIn)
        .map(({ alert }) => alert)
        .sort(),
    ));

  it.each(runbooks().map((name) => [name]))('%s has a title and four parts, none empty', (name) => {
    const [title, ...parts] = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8').split(/^## /m);
    expect(title?.trim()).toBe(`# ${name}`);
    expect(parts.map((part) => part.split('\n', 1)[0])).toEqual(HEADINGS);
    for (const part of parts) expect(part.split('\n').slice(1).join('').trim()).not.toBe('');
  });
});
