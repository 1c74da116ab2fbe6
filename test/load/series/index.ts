import type { Bench } from '../bench.js';
import type { Sustained } from '../sustained.js';
import { backlog } from './backlog.js';
import { load } from './load.js';
import type { Series, SeriesMaker } from './series.js';
import { size } from './size.js';
import { tenants } from './tenants.js';
import { writers } from './writers.js';

const MAKERS = { load, tenants, writers, size, backlog } satisfies Record<string, SeriesMaker>;

export const SERIES = ['load', 'tenants', 'writers', 'size', 'backlog'] as const;
export type SeriesName = (typeof SERIES)[number];

/** Measures one series after the other. */
export async function runSeries(
  names: readonly SeriesName[],
  bench: Bench,
  sustained: Sustained,
  signal: AbortSignal,
): Promise<readonly Series[]> {
  const done: Series[] = [];
  for (const name of names) {
    if (signal.aborted) break;
    const maker = MAKERS[name];
    done.push({ name, title: maker.title, points: await maker.run(bench, sustained) });
    bench.log(`  series ${name} done`);
  }
  return done;
}
