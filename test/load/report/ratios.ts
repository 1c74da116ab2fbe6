import type { Block } from '../bench.js';
import type { Spread } from '../measure/statistics.js';
import { ACCEPT_TO_COMMIT, microsPerPost, over, sumPerPost } from './per-post.js';

/** Blocks by the name of their scenario. */
export type Results = Readonly<Partial<Record<string, readonly Block[]>>>;

export interface Ratio {
  readonly figure: string;
  readonly unit: 'F' | '' | 'ms';
  readonly value: number;
  /** Bounds that the value must keep, and that it should. */
  readonly atLeast: number;
  readonly aim: number;
  /** Whether the bounds are upper or lower ones. */
  readonly better: 'less' | 'more';
}

export type Verdict = 'aim' | 'at least' | 'missed' | 'not measured';

export function verdictOf({ value, atLeast, aim, better }: Ratio): Verdict {
  if (Number.isNaN(value)) return 'not measured';
  const keeps = (bound: number): boolean => (better === 'less' ? value <= bound : value >= bound);
  return keeps(aim) ? 'aim' : keeps(atLeast) ? 'at least' : 'missed';
}

/** The unit F: CPU microseconds of one bare 202. */
export const unitOf = (results: Results): Spread =>
  over(results['bare'] ?? [], (block) => microsPerPost(block, 'server'));

/** The figures with bounds. */
export function ratios(results: Results): readonly Ratio[] {
  const unit = unitOf(results).median;
  const inUnits = (scenario: string, value: (block: Block) => number): number =>
    over(results[scenario] ?? [], value).median / unit;
  return [
    {
      figure: 'gateway, CPU per accepted post',
      unit: 'F',
      value: inUnits('gateway', (block) => microsPerPost(block, 'gateway')),
      ...{ atLeast: 4, aim: 2.5, better: 'less' },
    },
    {
      figure: 'accept to commit, without edge and client',
      unit: 'F',
      value: inUnits('whole', (block) => sumPerPost(block, ACCEPT_TO_COMMIT)),
      ...{ atLeast: 8, aim: 4.5, better: 'less' },
    },
    {
      figure: 'writer + primary in a backlog drain',
      unit: 'F',
      value: inUnits('drain', (block) => sumPerPost(block, ['writer', 'postgres-primary'])),
      ...{ atLeast: 2.5, aim: 1.5, better: 'less' },
    },
  ];
}
