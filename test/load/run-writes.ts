import type { Bench, Block, Scenario } from './bench.js';
import type { Options } from './options.js';
import { PROFILED, profileBlock } from './profile/profile-block.js';
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
    const results: Record<string, Block[]> = Object.fromEntries(scenarios.map(({ name }) => [name, []]));
    try {
      for (const scenario of scenarios) await scenario.prepare?.(bench);
      await inTurn(bench, scenarios, results, run);
      await profile(bench, scenarios, options);
    } finally {
      for (const scenario of scenarios) scenario.cleanUp?.();
    }
    return { results, series: await runSeries(options.series, bench, sustained, signal) };
  });

/** A B C A B C …: what changes on the machine meanwhile meets all alike. */
async function inTurn(
  bench: Bench,
  scenarios: readonly Scenario[],
  results: Record<string, Block[]>,
  { options, signal }: BenchRun,
): Promise<void> {
  for (let round = 1; round <= options.blocks; round++) {
    for (const scenario of scenarios) {
      if (signal.aborted) return;
      results[scenario.name]?.push(await scenario.block(bench));
      await bench.counters.drained();
    }
    bench.log(`  round ${round} of ${options.blocks} done`);
  }
}

async function profile(
  bench: Bench,
  scenarios: readonly Scenario[],
  { profile: app }: Options,
): Promise<void> {
  const scenario = scenarios.find(({ name }) => app !== null && name === PROFILED[app]);
  if (app === null || !scenario) return;
  await profileBlock(bench, scenario, app);
  await bench.counters.drained();
}
