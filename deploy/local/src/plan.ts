import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Layout } from './layout.js';
import { type Counts, type Ports, portsFor } from './ports.js';
import { openSecrets, type Secrets } from './secrets.js';

/** What somebody asked for; kept in `plan.json`, so that other commands see the same stack. */
export interface Choice extends Counts {
  readonly offset: number;
  readonly edgePort?: number;
}

/** Everything the parts need to know of each other. */
export interface Plan {
  readonly layout: Layout;
  readonly counts: Counts;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly baseUrl: string;
}

export function makePlan(layout: Layout, choice: Choice): Plan {
  writeFileSync(layout.path('plan.json'), JSON.stringify(choice, null, 2));
  const ports = portsFor(choice.offset, choice.edgePort);
  return {
    layout,
    counts: choice,
    ports,
    secrets: openSecrets(layout),
    baseUrl: `http://127.0.0.1:${ports.edge}`,
  };
}

/** The choice of the last start, or null when no stack was ever started here. */
export function lastChoice(layout: Layout): Choice | null {
  const file = layout.path('plan.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Choice) : null;
}

export const numbers = (n: number, from = 1): number[] => Array.from({ length: n }, (_, i) => i + from);
