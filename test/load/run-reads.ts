import { inTurn } from './in-turn.js';
import { growth, type Grown } from './reads/growth.js';
import { profileOne } from './profile/profile-block.js';
import { primaryShare, type ServedBy } from './reads/primary-share.js';
import { makeReadScenarios } from './reads/scenarios.js';
import { findTargets } from './reads/targets.js';
import type { Results } from './report/ratios.js';
import { withBench, type BenchRun } from './with-bench.js';

export interface Reads {
  readonly results: Results;
  /** Null when it was not asked for. */
  readonly share: ServedBy | null;
  readonly grown: readonly Grown[];
}

const SMALLEST = 10_000;

/** Measures the scenarios of reads in turn, then who serves them, then how lists take to more posts. */
export const runReads = (run: BenchRun): Promise<Reads> =>
  withBench(run, async (bench) => {
    const { options, signal } = run;
    const scenarios = makeReadScenarios(options.onlyReads);
    const results = await inTurn(bench, scenarios, run, () => profileOne(bench, scenarios, options.profile));
    const share = options.share && !signal.aborted ? await primaryShare(bench) : null;
    const sizes: number[] = [];
    for (let size = SMALLEST; size <= options.grow; size *= 10) sizes.push(size);
    const grown =
      sizes.length > 0 && !signal.aborted
        ? await growth(bench, sizes, (await findTargets(bench)).replicaUrl)
        : [];
    return { results, share, grown };
  });
