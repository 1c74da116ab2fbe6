import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { REPO } from '../stack/launcher.js';

const DEPLOY = join(REPO, 'deploy');

/** The folder of the rules and of their units. */
export const ALERTS = join(DEPLOY, 'observability/alerts');
/** The folder of the pages that say what to do. */
export const RUNBOOKS = join(DEPLOY, 'runbooks');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A file of rules as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
}

/** What a unit expects of one alert at one moment. */
export interface Expectation {
  readonly alertname: string;
  readonly exp_alerts?: readonly unknown[];
}

interface UnitFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly { readonly alert_rule_test?: readonly Expectation[] }[];
}

const named = (folder: string, end: string): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(end))
    .sort();

export const ruleFiles = (): readonly string[] => named(ALERTS, '.rules.yml');
export const unitFiles = (): readonly string[] => named(ALERTS, '.test.yml');
/** The names of the pages, without their ending. */
export const runbooks = (): readonly string[] =>
  named(RUNBOOKS, '.md').map((file) => file.slice(0, -'.md'.length));

export const alertsIn = (file: string): readonly Alert[] =>
  (parse(readFileSync(join(ALERTS, file), 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules);

export const unitsIn = (file: string): UnitFile =>
  parse(readFileSync(join(ALERTS, file), 'utf8')) as UnitFile;
