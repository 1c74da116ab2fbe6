import type { Block } from '../bench.js';
import type { Role } from '../measure/cpu-meter.js';
import type { Spread } from '../measure/statistics.js';
import { ACCEPT_TO_COMMIT, microsPerPost, over, sumPerPost } from './per-post.js';
import { ratios, unitOf, verdictOf, type Results } from './ratios.js';
import { otherAnswers, shown } from './shown.js';
import { textTable } from './text-table.js';

const ROLES: readonly (readonly [string, Role])[] = [
  ['server', 'server'],
  ['gateway', 'gateway'],
  ['rabbit', 'rabbitmq'],
  ['writer', 'writer'],
  ['pooler', 'pgbouncer'],
  ['primary', 'postgres-primary'],
  ['redis', 'redis'],
  ['edge', 'edge'],
  ['replica', 'postgres-replica'],
  ['client', 'client'],
];

/** Rates, latencies, memory and the state of the machine, a line a scenario. */
export function rateTable(results: Results): string {
  const head =
    'scenario|accepted/s|committed/s|p50 ms|p95 ms|p99 ms|other answers|refused p50, p99 ms|gateway MiB|writer MiB|busy|others|steal';
  const rows = entries(results).map(([name, blocks]) => {
    const ms = (value: (block: Block) => number): string => shown(over(blocks, value).median, 1);
    return [
      name,
      range(over(blocks, (b) => b.acceptedPerSecond)),
      range(over(blocks, (b) => b.committedPerSecond)),
      ms((b) => b.load?.accepted.p50 ?? Number.NaN),
      ms((b) => b.load?.accepted.p95 ?? Number.NaN),
      ms((b) => b.load?.accepted.p99 ?? Number.NaN),
      otherAnswers(blocks),
      refusals(blocks),
      shown(over(blocks, (b) => b.memoryMiB['gateway-1'] ?? 0).max, 0),
      shown(over(blocks, (b) => b.memoryMiB['writer-1'] ?? 0).max, 0),
      percent(over(blocks, (b) => b.cpu.busy).median),
      percent(over(blocks, (b) => b.cpu.foreign).median),
      percent(over(blocks, (b) => b.cpu.steal).max),
    ];
  });
  return textTable([head.split('|'), ...rows]);
}

/** CPU microseconds per post: the median of the blocks, a column a role. */
export function costTable(results: Results): string {
  const head = ['us CPU per post', ...ROLES.map(([title]) => title), 'accept to commit'];
  const rows = entries(results).map(([name, blocks]) => [
    name,
    ...ROLES.map(([, role]) => shown(over(blocks, (b) => microsPerPost(b, role)).median, 0)),
    range(over(blocks, (b) => sumPerPost(b, ACCEPT_TO_COMMIT))),
  ]);
  return textTable([head, ...rows]);
}

export function ratioTable(results: Results): string {
  const head = ['figure', 'value', 'at least', 'aim', 'holds'];
  const rows = ratios(results).map((ratio) => {
    const sign = ratio.better === 'less' ? '≤' : '≥';
    const bound = (value: number | null): string =>
      value === null ? '–' : `${sign} ${value} ${ratio.unit}`.trim();
    return [
      ratio.figure,
      `${shown(ratio.value, 2)} ${ratio.unit}`.trim(),
      bound(ratio.atLeast),
      bound(ratio.aim),
      verdictOf(ratio),
    ];
  });
  const unit = unitOf(results);
  return `F = ${shown(unit.median, 1)} us (${shown(unit.min, 1)} to ${shown(unit.max, 1)})\n${textTable([head, ...rows])}`;
}

const QUIET = 0.05;

/** What to know before rates are believed, or nothing when the machine was ours. */
export function disturbance(results: Results): string {
  const blocks = entries(results).flatMap(([, all]) => all);
  const others = over(blocks, (b) => b.cpu.foreign);
  const steal = over(blocks, (b) => b.cpu.steal);
  if (!(others.median > QUIET || steal.max > QUIET)) return '';
  return `Others took ${percent(others.median)} of the machine (up to ${percent(others.max)}), its host up to ${percent(steal.max)}: rates and latencies are theirs too, and costs are higher than alone. Measure again when it is quiet.\n`;
}

const entries = (results: Results): [string, readonly Block[]][] =>
  Object.entries(results).flatMap(([name, blocks]) =>
    blocks && blocks.length > 0 ? [[name, blocks] as [string, readonly Block[]]] : [],
  );

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
const range = ({ median, min, max }: Spread): string =>
  Number.isFinite(median) ? `${median.toFixed(0)} (${min.toFixed(0)}…${max.toFixed(0)})` : '–';

function refusals(blocks: readonly Block[]): string {
  const of = (value: (block: Block) => number | undefined): string =>
    shown(over(blocks, (b) => value(b) ?? Number.NaN).median, 1);
  return blocks.some((b) => (b.load?.refused.count ?? 0) > 0)
    ? `${of((b) => b.load?.refused.p50)}, ${of((b) => b.load?.refused.p99)}`
    : '–';
}
