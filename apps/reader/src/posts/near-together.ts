import { uuidV7Time } from '@spillway/contracts';

/** Shorter than any month, so that what is nearer is of two partitions at most. */
const TOGETHER_MS = 26 * 24 * 3600_000;

/** Ids, newest first, in runs of which each touches two partitions of posts at most. */
export function nearTogether(ids: readonly string[]): string[][] {
  const runs: string[][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    const [newest] = run ?? [];
    if (run && newest !== undefined && uuidV7Time(newest) - uuidV7Time(id) < TOGETHER_MS) run.push(id);
    else runs.push([id]);
  }
  return runs;
}
