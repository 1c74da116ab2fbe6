import type { OverloadRun } from '../run-overload.js';
import type { Writes } from '../run-writes.js';
import type { Role } from '../measure/cpu-meter.js';
import { microsPerPost, over } from './per-post.js';
import { unitOf } from './ratios.js';
import { barPanel, linePanel, svgPage } from './svg.js';

const STACKED: readonly Role[] = [
  ...(['gateway', 'server', 'rabbitmq', 'writer', 'pgbouncer', 'postgres-primary', 'redis', 'edge'] as const),
];
/** Overloads cost what they refuse; their cost per accepted post would dwarf the others. */
const SHOWN = ['bare', 'gateway', 'edge', 'whole', 'drain', 'batch', 'sync'] as const;

/** Cost by role, and latency over load where it was measured. */
export function writesPicture({ results, series }: Writes): string {
  const unit = unitOf(results).median;
  const bars = SHOWN.filter((name) => (results[name]?.length ?? 0) > 0).map((name) => ({
    label: name,
    values: STACKED.map((role) => over(results[name] ?? [], (b) => microsPerPost(b, role)).median),
  }));
  const title = `CPU per post by role (F = ${unit.toFixed(0)} us)`;
  const panels = [barPanel({ title, yTitle: 'microseconds', parts: STACKED, bars })];
  const load = series.find(({ name }) => name === 'load');
  if (load) {
    const lines = ['sync', 'ours'].map((label) => ({
      label: label === 'sync' ? 'no broker' : 'with the broker',
      points: load.points
        .filter((point) => point.label.endsWith(` ${label}`))
        .map(({ label: text, block }): [number, number] => [
          Number.parseInt(text, 10),
          block.load?.accepted.p99 ?? Number.NaN,
        ]),
    }));
    panels.push(
      linePanel({ title: 'Answer p99 over load', xTitle: 'posts due a second', yTitle: 'ms', lines }),
    );
  }
  return svgPage(panels);
}

/** Memory over time. */
export function overloadPicture({ memory }: OverloadRun): string {
  const lines = memory.map(({ name, samples }) => ({
    label: name,
    points: samples.map((mib, second): [number, number] => [second, mib]),
  }));
  return svgPage([linePanel({ title: 'Memory under overload', xTitle: 'seconds', yTitle: 'MiB', lines })]);
}
