import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { REPO } from '../stack/launcher.js';
import { OUTPUT_DIR } from './bench-stack.js';
import { describeMachine } from './measure/machine.js';
import { readOptions, USAGE, type Options } from './options.js';
import { overloadPicture, writesPicture } from './report/pictures.js';
import { costTable, disturbance, rateTable, ratioTable } from './report/print.js';
import { overloadReport, seriesTable } from './report/print-series.js';
import { ratios } from './report/ratios.js';
import { readFigures, readsPicture, readsText } from './report/reads.js';
import { overheads, telemetryPicture, telemetryText } from './report/telemetry.js';
import { runOverload } from './run-overload.js';
import { runReads } from './run-reads.js';
import { runTelemetry } from './run-telemetry.js';
import { runWrites } from './run-writes.js';
import { loadSynthetic } from './synthetic/load-synthetic.js';
import type { BenchRun } from './with-bench.js';

const log = (line: string): void => {
  console.log(line);
};

/** What a command leaves: text to read, a record and a picture. */
interface Outcome {
  readonly text: string;
  readonly record: object;
  readonly picture: string;
}

/** Exit codes: 0 measured, 2 misuse, 130 interrupted. Slow is no failure. */
async function main(argv: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const { command } = options;
  if (options.help) {
    log(USAGE);
    return 0;
  }
  if (command === 'synthetic') return loadSynthetic(options, log);
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
  const { text, record, picture } = await COMMANDS[command]({
    ...{ options, log, signal: interrupted.signal },
  });
  const { cores, cpu, versions, load1 } = machine;
  log(
    `\n${cores} cores, ${cpu}, Node ${versions['node']}; load average ${load1.toFixed(1)} before\n\n${text}`,
  );
  const file = join(OUTPUT_DIR, command);
  writeFileSync(`${file}.json`, JSON.stringify({ startedAt, machine, options, ...record }, null, 1));
  writeFileSync(`${file}.svg`, picture);
  log(`\nAll figures and a plot: ${relative(REPO, file)}.json, .svg`);
  return interrupted.signal.aborted ? 130 : 0;
}

type Measured = Exclude<Options['command'], 'synthetic'>;

const COMMANDS: Record<Measured, (run: BenchRun) => Promise<Outcome>> = {
  async reads(run) {
    const reads = await runReads(run);
    return {
      text: readsText(reads),
      record: { figures: readFigures(reads), ...reads },
      picture: readsPicture(reads),
    };
  },
  async writes(run) {
    const writes = await runWrites(run);
    const { results, series } = writes;
    const tables = [rateTable(results), costTable(results), ...series.map(seriesTable), ratioTable(results)];
    tables.push(disturbance(results));
    return {
      text: tables.join('\n\n'),
      record: { ratios: ratios(results), ...writes },
      picture: writesPicture(writes),
    };
  },
  async telemetry(run) {
    const results = await runTelemetry(run);
    return {
      text: telemetryText(results),
      record: { overheads: overheads(results), results },
      picture: telemetryPicture(results),
    };
  },
  async overload(run) {
    const overload = await runOverload(run);
    return { text: overloadReport(overload), record: overload, picture: overloadPicture(overload) };
  },
};

process.exitCode = await main(process.argv.slice(2));
