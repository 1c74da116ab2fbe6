import type { Block } from '../bench.js';
import type { Role } from '../measure/cpu-meter.js';
import type { Spread } from '../measure/statistics.js';
import { ACCEPT_TO_COMMIT, microsPerPost, over, sumPerPost } from './per-post.js';

/** Blocks by the name of their scenario. */
export type Results = Readonly<Partial<Record<string, readonly Block[]>>>;

export interface Ratio {
  readonly figure: string;
  readonly unit: 'F' | '' | 'ms';
  readonly value: number;
  /** The bound that the value must keep; null where only the aim is set. */
  readonly atLeast: number | null;
  readonly aim: number;
  /** Whether the bounds are upper or lower ones. */
  readonly better: 'less' | 'more';
}

export type Verdict = 'aim' | 'at least' | 'missed' | 'not measured';

export function verdictOf({ value, atLeast, aim, better }: Ratio): Verdict {
  if (Number.isNaN(value)) return 'not measured';
  const keeps = (bound: number): boolean => (better === 'less' ? value <= bound : value >= bound);
  return keeps(aim) ? 'aim' : atLeast !== null && keeps(atLeast) ? 'at least' : 'missed';
}

/** The unit F: CPU microseconds of one bare 202. */
export const unitOf = (results: Results): Spread =>
  over(results['bare'] ?? [], (block) => microsPerPost(block, 'server'));

/** The figures with bounds. */
export function ratios(results: Results): readonly Ratio[] {
  const median = (scenario: string, value: (block: Block) => number): number =>
    over(results[scenario] ?? [], value).median;
  const unit = unitOf(results).median;
  const inUnits = (scenario: string, roles: readonly Role[]): number =>
    median(scenario, (block) => sumPerPost(block, roles)) / unit;
  const goodput = (scenario: string): number =>
    median(scenario, (b) => b.acceptedPerSecond) / median('gateway', (b) => b.acceptedPerSecond);
  const refusedP99 = (scenario: string): number => median(scenario, (b) => b.load?.refused.p99 ?? Number.NaN);
  const overConfirm = (block: Block): number =>
    (block.load?.accepted.p99 ?? Number.NaN) / (block.confirms?.p99 ?? Number.NaN);
  const gatewayMicros = (scenario: string): number => median(scenario, (b) => microsPerPost(b, 'gateway'));
  const less = (figure: string, unit: Ratio['unit'], value: number, atLeast: number | null, aim: number) =>
    ({ figure, unit, value, atLeast, aim, better: 'less' }) as const;
  const more = (figure: string, value: number, atLeast: number | null, aim: number) =>
    ({ figure, unit: '', value, atLeast, aim, better: 'more' }) as const;
  return [
    less('gateway, CPU per accepted post', 'F', inUnits('gateway', ['gateway']), 4, 2.5),
    less('accept to commit, without edge and client', 'F', inUnits('whole', ACCEPT_TO_COMMIT), 8, 4.5),
    less(
      'writer + primary in a backlog drain',
      'F',
      inUnits('drain', ['writer', 'postgres-primary']),
      2.5,
      1.5,
    ),
    more('goodput at 4x overload / peak', goodput('overload4'), 0.9, 0.9),
    less('refusals at 4x overload, p99', 'ms', refusedP99('overload4'), 20, 20),
    more('goodput at 10x overload / peak', goodput('overload10'), null, 0.9),
    less('refusals at 10x overload, p99', 'ms', refusedP99('overload10'), null, 20),
    less("accepted p99 / the broker's confirm p99 beside it", '', median('latency', overConfirm), 5, 3),
    more('batch, posts per gateway CPU / single', gatewayMicros('gateway') / gatewayMicros('batch'), 8, 15),
  ];
}
