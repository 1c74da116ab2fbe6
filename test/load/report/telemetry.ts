import type { Block } from '../bench.js';
import { spread, type Spread } from '../measure/statistics.js';
import { microsPerPost, over } from './per-post.js';
import { disturbance } from './print.js';
import type { Results } from './ratios.js';
import { otherAnswers, shown } from './shown.js';
import { barPanel, svgPage } from './svg.js';
import { textTable } from './text-table.js';

/** How much is traced; the first one, without the SDK, is what the others are compared with. */
export const TELEMETRY = ['off', '1 %', '10 %', '100 %'] as const;
export type TelemetryName = (typeof TELEMETRY)[number];

/** At most so many times the CPU of a gateway without telemetry. */
const BOUND: Readonly<Partial<Record<TelemetryName, number>>> = { '1 %': 1.1 };

export interface Overhead {
  readonly name: TelemetryName;
  /** Microseconds of CPU of the gateway per accepted post. */
  readonly micros: Spread;
  /** The same over that of the block without telemetry of the same round. */
  readonly ratio: Spread;
  readonly bound: number | null;
}

const micros = (block: Block): number => microsPerPost(block, 'server');

/** A line a setting. Ratios are taken within a round, so that what changes between rounds is in neither. */
export function overheads(results: Results): readonly Overhead[] {
  const base = (results['off'] ?? []).map(micros);
  return TELEMETRY.map((name) => {
    const own = results[name] ?? [];
    const ratios = own.map((block, round) => micros(block) / (base[round] ?? Number.NaN));
    return {
      name,
      micros: over(own, micros),
      ratio: spread(ratios.filter((ratio) => !Number.isNaN(ratio))),
      bound: BOUND[name] ?? null,
    };
  });
}

export function telemetryText(results: Results): string {
  const head = [
    'telemetry',
    'us CPU per post',
    'times off',
    'at most',
    'holds',
    'accepted/s',
    'p99 ms',
    'other answers',
  ];
  const rows = overheads(results).map(({ name, micros: cost, ratio, bound }) => {
    const blocks = results[name] ?? [];
    return [
      name,
      ranged(cost, 1),
      ranged(ratio, 3),
      bound === null ? '–' : shown(bound, 2),
      verdict(ratio.median, bound),
      shown(over(blocks, (b) => b.acceptedPerSecond).median, 0),
      shown(over(blocks, (b) => b.load?.accepted.p99 ?? Number.NaN).median, 1),
      otherAnswers(blocks),
    ];
  });
  return [textTable([head, ...rows]), disturbance(results)].join('\n\n').trimEnd();
}

export function telemetryPicture(results: Results): string {
  const bars = overheads(results).map(({ name, micros: { median } }) => ({ label: name, values: [median] }));
  const title = 'CPU of a gateway per accepted post, by how much is traced';
  return svgPage([barPanel({ title, yTitle: 'microseconds', parts: ['gateway'], bars })]);
}

const ranged = ({ median, min, max }: Spread, digits: number): string =>
  Number.isFinite(median) ? `${shown(median, digits)} (${shown(min, digits)}…${shown(max, digits)})` : '–';

function verdict(ratio: number, bound: number | null): string {
  if (bound === null) return '–';
  if (Number.isNaN(ratio)) return 'not measured';
  return ratio <= bound ? 'yes' : 'no';
}
