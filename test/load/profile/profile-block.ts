import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT_DIR } from '../bench-stack.js';
import type { Bench, Block, Scenario } from '../bench.js';
import { textTable } from '../report/text-table.js';
import { InspectedProcess } from './inspect-process.js';
import { summarize, type SelfTime } from './summary.js';

const SHOWN = 40;

/** Which scenario shows the work of which process best. */
export const PROFILED = { gateway: 'gateway', writer: 'drain', reader: 'cached' } as const;
export type Profiled = keyof typeof PROFILED;

/** Profiles the process that was asked for, when the scenario that shows its work is among these. */
export async function profileOne(
  bench: Bench,
  scenarios: readonly Scenario[],
  app: Profiled | null,
): Promise<void> {
  const scenario = scenarios.find(({ name }) => app !== null && name === PROFILED[app]);
  if (app === null || !scenario) return;
  await profileBlock(bench, scenario, app);
  await bench.counters.drained();
}

/** One more block, with a profile taken, and printed. Its figures are not part of the results. */
async function profileBlock(bench: Bench, scenario: Scenario, app: Profiled): Promise<Block> {
  const inspected = await InspectedProcess.open(bench.stack, `${app}-1`);
  try {
    await inspected.start();
    const block = await scenario.block(bench);
    const profile = await inspected.stop();
    const file = join(OUTPUT_DIR, `${app}.cpuprofile`);
    writeFileSync(file, JSON.stringify(profile));
    const { busySeconds, packages, functions } = summarize(profile);
    const posts = app === 'writer' ? block.committed : block.accepted;
    const perPost = (busySeconds * 1e6) / posts;
    const rows = (list: readonly SelfTime[]) =>
      list
        .slice(0, SHOWN)
        .map(({ name, part }) => [`${(part * 100).toFixed(1)} %`, (part * perPost).toFixed(1), name]);
    bench.log(`\n${app} in ${scenario.name}: ${perPost.toFixed(0)} us of its main thread a post (${file})`);
    bench.log(textTable([['self', 'us/post', 'package'], ...rows(packages)]));
    bench.log(`\n${textTable([['self', 'us/post', 'function'], ...rows(functions)])}\n`);
    return block;
  } finally {
    inspected.close();
  }
}
