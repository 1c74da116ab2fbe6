import type { Scenario } from '../bench.js';
import type { Sustained } from '../sustained.js';
import { bare } from './bare.js';
import { batch } from './batch.js';
import { drain } from './drain.js';
import { edge } from './edge.js';
import { gateway } from './gateway.js';
import { confirm, latency } from './latency.js';
import { overload } from './overload.js';
import { sync } from './sync.js';
import { whole } from './whole.js';

/**
 * Names, in the order in which a round takes them. Latencies come before the floods of a round: for seconds after one a
 * gateway takes up to twice the processor time.
 */
export const SCENARIOS = [
  ...(['bare', 'gateway', 'edge', 'whole', 'latency', 'confirm'] as const),
  ...(['drain', 'batch', 'overload2', 'overload4', 'overload10', 'sync'] as const),
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function makeScenarios(names: readonly ScenarioName[], sustained: Sustained): readonly Scenario[] {
  const make: Record<ScenarioName, () => Scenario> = {
    ...{ bare, edge, drain, batch, sync },
    gateway: () => gateway(sustained),
    whole: () => whole(sustained),
    latency: () => latency(sustained),
    confirm: () => confirm(sustained),
    overload2: () => overload(2, sustained),
    overload4: () => overload(4, sustained),
    overload10: () => overload(10, sustained),
  };
  return SCENARIOS.filter((name) => names.includes(name)).map((name) => make[name]());
}
