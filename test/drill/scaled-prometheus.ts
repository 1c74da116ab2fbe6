import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, freePort, notYet, type Stack } from '@spillway/testing';
import { parse, stringify } from 'yaml';
import { ALERTS, ruleFiles, type RuleFile } from '../alerts/alert-files.js';
import { scrapedBefore } from '../prometheus/prometheus.js';
import { scaled, scaledRule } from './scaled-rules.js';

interface PrometheusConfig {
  readonly global: { readonly evaluation_interval: string };
}

/** A second Prometheus of the stack. */
export interface ScaledPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a Prometheus that scrapes what the stack's own does, as often, and evaluates the same rules with every
 * duration divided by `factor`. It ends with this process, however that ends.
 */
export async function startScaledPrometheus(stack: Stack, factor: number): Promise<ScaledPrometheus> {
  const dir = join(stack.dir, 'drill-prometheus');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeConfig(stack, dir, factor);
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'TERM', 'prometheus', `--config.file=${join(dir, 'prometheus.yml')}`],
      ...[`--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=${address}`, '--log.level=warn'],
    ],
    // In a group of its own: Ctrl-C is for us, and we stop it ourselves.
    { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  try {
    await eventually(
      'the second Prometheus has scraped every target',
      async () => {
        if (child.exitCode !== null) return notYet(said);
        const late = await scrapedBefore(url, 1);
        return late.length === 0 || notYet(late);
      },
      { deadlineMs: 60_000, everyMs: 250 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

function writeConfig(stack: Stack, dir: string, factor: number): void {
  const config = parse(readFileSync(join(stack.dir, 'config', 'prometheus.yml'), 'utf8')) as PrometheusConfig;
  const evaluation = scaled(config.global.evaluation_interval, factor);
  const faster = {
    ...config,
    global: { ...config.global, evaluation_interval: evaluation },
    rule_files: [join(dir, '*.rules.yml')],
  };
  writeFileSync(join(dir, 'prometheus.yml'), stringify(faster));
  for (const file of ruleFiles()) {
    const { groups } = parse(readFileSync(join(ALERTS, file), 'utf8')) as RuleFile;
    const rules = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => scaledRule(rule, factor)),
    }));
    writeFileSync(join(dir, file), stringify({ groups: rules }));
  }
}
