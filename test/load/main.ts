import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { REPO } from '../stack/launcher.js';
import { OUTPUT_DIR } from './bench-stack.js';
import { describeMachine } from './measure/machine.js';
import { readOptions, USAGE, type Options } from './options.js';
import { costTable, rateTable, ratioTable } from './report/print.js';
import { ratios } from './report/ratios.js';
import { runWrites } from './run-writes.js';

const log = (line: string): void => {
  console.log(line);
};

/** Exit codes: 0 measured, 2 misuse, 130 interrupted. Slow is no failure. */
async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    log(USAGE);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      log(`${signal}: stopping after this block`);
      interrupted.abort();
    });
  }
  mkdirSync(OUTPUT_DIR, { recursive: true });
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  const results = await runWrites(options, log, interrupted.signal);
  log(
    `\n${machine.cores} cores, ${machine.cpu}, Node ${machine.versions['node']}; load ${machine.load1.toFixed(1)} before\n`,
  );
  log(`${rateTable(results)}\n\n${costTable(results)}\n\n${ratioTable(results)}`);
  const file = join(OUTPUT_DIR, 'writes.json');
  writeFileSync(
    file,
    JSON.stringify({ startedAt, machine, options, ratios: ratios(results), results }, null, 1),
  );
  log(`\nAll figures: ${relative(REPO, file)}`);
  return interrupted.signal.aborted ? 130 : 0;
}

process.exitCode = await main(process.argv.slice(2));
