import type { Bench, Block, Scenario } from './bench.js';
import type { Results } from './report/ratios.js';
import type { BenchRun } from './with-bench.js';

/**
 * Blocks of all scenarios in turn, A B C B C A …: what changes on the machine meanwhile meets all alike, and none
 * always comes first.
 * @param afterwards more work before the scenarios are cleaned up.
 */
export async function inTurn(
  bench: Bench,
  scenarios: readonly Scenario[],
  { options, signal }: BenchRun,
  afterwards?: () => Promise<void>,
): Promise<Results> {
  const results: Record<string, Block[]> = Object.fromEntries(scenarios.map(({ name }) => [name, []]));
  try {
    for (const scenario of scenarios) await scenario.prepare?.(bench);
    for (let round = 1; round <= options.blocks; round++) {
      const first = (round - 1) % scenarios.length;
      for (const scenario of [...scenarios.slice(first), ...scenarios.slice(0, first)]) {
        if (signal.aborted) return results;
        results[scenario.name]?.push(await scenario.block(bench));
        await bench.counters.drained();
      }
      bench.log(`  round ${round} of ${options.blocks} done`);
    }
    await afterwards?.();
  } finally {
    for (const scenario of scenarios) scenario.cleanUp?.();
  }
  return results;
}
