import type { Block } from '../bench.js';
import type { Role } from '../measure/cpu-meter.js';
import type { Reads } from '../run-reads.js';
import { over } from './per-post.js';
import { disturbance } from './print.js';
import type { Results } from './ratios.js';
import { otherAnswers, shown } from './shown.js';
import { barPanel, linePanel, svgPage } from './svg.js';
import { textTable } from './text-table.js';

const ROLES: readonly (readonly [string, Role])[] = [
  ...([
    ['server', 'server'],
    ['reader', 'reader'],
    ['redis', 'redis'],
    ['pooler', 'pgbouncer'],
  ] as const),
  ...([
    ['replica', 'postgres-replica'],
    ['primary', 'postgres-primary'],
    ['client', 'client'],
  ] as const),
];

/** CPU microseconds of a role per answered request. */
const micros =
  (role: Role) =>
  (block: Block): number =>
    (block.cpu.micros[role] ?? 0) / (block.load?.accepted.count ?? Number.NaN);

const entries = (results: Results): [string, readonly Block[]][] =>
  Object.entries(results).flatMap(([name, blocks]) =>
    blocks && blocks.length > 0 ? [[name, blocks] as [string, readonly Block[]]] : [],
  );

export interface ReadFigure {
  readonly figure: string;
  readonly value: number;
  readonly atLeast: number;
  readonly aim: number;
}

/** The figures with bounds; NaN where something was not measured. */
export function readFigures({ results, share, grown }: Reads): readonly ReadFigure[] {
  const median = (name: string, value: (block: Block) => number): number =>
    over(results[name] ?? [], value).median;
  const p99 = (block: Block): number => block.load?.accepted.p99 ?? Number.NaN;
  const [least, most] = [grown[0], grown.at(-1)];
  const figure = (text: string, value: number, atLeast: number, aim: number): ReadFigure => ({
    ...{ figure: text, value, atLeast, aim },
  });
  return [
    figure(
      'cached first page, CPU / bare with the same bytes',
      median('cached', micros('reader')) / median('bare', micros('server')),
      ...([3, 1.8] as const),
    ),
    figure(
      'replica page p99 at 60 % / the same SQL in pgbench',
      median('latency', p99) / median('pgbench', p99),
      ...([4, 2.5] as const),
    ),
    figure('replica page / the same without row-level security', policies(median), 1.2, 1.1),
    figure(
      `list at ${most?.posts ?? 0} posts / at ${least?.posts ?? 0}`,
      (most?.micros['tenant'] ?? Number.NaN) / (least?.micros['tenant'] ?? Number.NaN),
      ...([1.3, 1.1] as const),
    ),
    figure('share of reads on the primary, %', (share?.primary ?? Number.NaN) * 100, 2, 0.5),
  ];
}

/** What a page from a replica costs all together, over that less what row-level security adds on the replica. */
function policies(median: (name: string, value: (block: Block) => number) => number): number {
  const whole = median('replica', (b) => sum(b, ['reader', 'pgbouncer', 'postgres-replica']));
  const added = median('held', micros('postgres-replica')) - median('unheld', micros('postgres-replica'));
  return whole / (whole - added);
}

const sum = (block: Block, roles: readonly Role[]): number =>
  roles.reduce((total, role) => total + micros(role)(block), 0);

export function readsText(reads: Reads): string {
  const { results, share, grown } = reads;
  const head = ['scenario', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'other answers'];
  const rows = entries(results).map(([name, blocks]) => {
    const of = (value: (block: Block) => number, digits: number): string =>
      shown(over(blocks, value).median, digits);
    return [
      name,
      of((b) => b.acceptedPerSecond, 0),
      ...(['p50', 'p95', 'p99'] as const).map((at) => of((b) => b.load?.accepted[at] ?? Number.NaN, 1)),
      otherAnswers(blocks, ['200', '304']),
      ...ROLES.map(([, role]) => of(micros(role), 0)),
    ];
  });
  const table = textTable([[...head, ...ROLES.map(([title]) => `${title} us`)], ...rows]);
  const figures = readFigures(reads).map(({ figure, value, atLeast, aim }) => [
    ...[figure, shown(value, 2), `≤ ${atLeast}`, `≤ ${aim}`],
    Number.isNaN(value) ? 'not measured' : value <= aim ? 'aim' : value <= atLeast ? 'at least' : 'missed',
  ]);
  const parts = [table, textTable([['figure', 'value', 'at least', 'aim', 'holds'], ...figures])];
  if (share) parts.push(`served by: ${JSON.stringify(share.counts)}`);
  if (grown.length > 0) {
    const names = Object.keys(grown[0]?.micros ?? {});
    const lines = grown.map(({ posts, micros: at }) => [
      String(posts),
      ...names.map((name) => shown(at[name] ?? Number.NaN, 0)),
    ]);
    parts.push(textTable([['posts (median us)', ...names], ...lines]));
  }
  return [...parts, disturbance(results)].join('\n\n');
}

export function readsPicture({ results, grown }: Reads): string {
  const parts = ROLES.filter(([, role]) => role !== 'client');
  const bars = entries(results)
    .filter(([name]) => !['pgbench', 'held', 'unheld', 'unindexed'].includes(name))
    .map(([label, blocks]) => ({
      label,
      values: parts.map(([, role]) => over(blocks, micros(role)).median),
    }));
  const title = 'CPU per read by role';
  const panels = [barPanel({ title, yTitle: 'microseconds', parts: parts.map(([name]) => name), bars })];
  const names = Object.keys(grown[0]?.micros ?? {});
  if (grown.length > 1) {
    const lines = names.map((label) => ({
      label,
      points: grown.map(({ posts, micros: at }): [number, number] => [
        Math.log10(posts),
        at[label] ?? Number.NaN,
      ]),
    }));
    panels.push(
      linePanel({
        title: 'A page on the replica',
        xTitle: 'posts, power of ten',
        yTitle: 'microseconds',
        lines,
      }),
    );
  }
  return svgPage(panels);
}
