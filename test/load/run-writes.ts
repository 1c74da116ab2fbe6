import { inTurn } from './in-turn.js';
import { profileOne } from './profile/profile-block.js';
import type { Results } from './report/ratios.js';
import { makeScenarios } from './scenarios/index.js';
import { runSeries } from './series/index.js';
import type { Series } from './series/series.js';
import { Sustained } from './sustained.js';
import { withBench, type BenchRun } from './with-bench.js';

export interface Writes {
  readonly results: Results;
  readonly series: readonly Series[];
}

/** Measures the scenarios in turn, then the series. */
export const runWrites = (run: BenchRun): Promise<Writes> =>
  withBench(run, async (bench) => {
    const { options, signal } = run;
    const sustained = new Sustained();
    const scenarios = makeScenarios(options.only, sustained);
    const results = await inTurn(bench, scenarios, run, () => profileOne(bench, scenarios, options.profile));
    return { results, series: await runSeries(options.series, bench, sustained, signal) };
  });
