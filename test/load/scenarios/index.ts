import type { Scenario } from '../bench.js';
import { Sustained } from '../sustained.js';
import { bare } from './bare.js';
import { drain } from './drain.js';
import { gateway } from './gateway.js';
import { whole } from './whole.js';

/** Names, in the order in which a round takes them. */
export const SCENARIOS = ['bare', 'gateway', 'whole', 'drain'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function makeScenarios(names: readonly ScenarioName[]): readonly Scenario[] {
  const sustained = new Sustained();
  const make: Record<ScenarioName, () => Scenario> = {
    bare,
    gateway,
    whole: () => whole(sustained),
    drain,
  };
  return SCENARIOS.filter((name) => names.includes(name)).map((name) => make[name]());
}
