import { BROKEN_BUILDS, type BrokenBuild } from './broken-builds.js';
import type { FaultResult } from './result.js';

/** One line an outcome, and whether all of it was as it should be. */
export interface Verdict {
  readonly lines: readonly string[];
  readonly sound: boolean;
}

/** All that ran must have passed. */
export function verdictOf(results: readonly FaultResult[]): Verdict {
  const ran = results.filter((r) => r.result !== 'not built yet');
  const failed = ran.filter((r) => r.result !== 'passed').length;
  return {
    lines: [`${ran.length - failed} passed, ${failed} failed`],
    sound: failed === 0 && ran.length > 0,
  };
}

/** Each broken build must have been caught, by the violations it is known for and not by any other. */
export function verdictOfBroken(results: readonly FaultResult[]): Verdict {
  const builds = BROKEN_BUILDS.filter(({ name }) => results.some((r) => r.title.startsWith(`${name}:`)));
  const caught = builds.map((build) => ({ build, times: timesCaught(build, results) }));
  return {
    lines: caught.map(({ build: { name, invariant, fault }, times }) =>
      times > 0
        ? `${name}: caught by ${fault}, ${times} violations of ${invariant} reported.`
        : `${name}: NOT caught by ${fault}: the checker is blind to it.`,
    ),
    sound: caught.length > 0 && caught.every(({ times }) => times > 0),
  };
}

const timesCaught = ({ name, invariant }: BrokenBuild, results: readonly FaultResult[]): number =>
  results
    .filter((r) => r.title.startsWith(`${name}:`))
    .flatMap((r) => r.violations)
    .filter((v) => v.invariant === invariant).length;
