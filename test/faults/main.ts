import { relative } from 'node:path';
import { catalogue, type Entry } from './catalogue.js';
import { makeContext } from './context.js';
import { REPO } from '../stack/launcher.js';
import { REPORT_DIR, startFaultStack, stopFaultStack } from './fault-stack.js';
import { readOptions, USAGE, type Options } from './options.js';
import { Report } from './report.js';
import { complaints, table, type FaultResult } from './result.js';
import { runFault } from './run-fault.js';

const log = (line: string): void => {
  console.log(line);
};

/** Exit codes: 0 all that ran passed (or the broken build was caught), 1 something did not hold, 2 misuse. */
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
  const entries = catalogue(options.broken === null ? [] : [options.broken]);
  if (options.list) {
    for (const { id, title, how, fault } of entries)
      log(`${id}\t${fault ? 'built        ' : 'not built yet'}\t${title}${how && ` (${how})`}`);
    return 0;
  }
  const strangers = options.faults.filter((id) => !entries.some((e) => e.id === id));
  if (strangers.length > 0) {
    console.error(`There is no fault ${strangers.join(', ')}; see --list.`);
    return 2;
  }
  return run(chosen(entries, options), options);
}

/** A broken build is tried with the fault that must reveal it, unless others are named. */
function chosen(entries: readonly Entry[], { faults, broken }: Options): readonly Entry[] {
  const wanted = faults.length > 0 ? faults : broken === null ? entries.map((e) => e.id) : ['F12'];
  return entries.filter((e) => wanted.includes(e.id));
}

async function run(entries: readonly Entry[], options: Options): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      log(`${signal}: ending the load and stopping the stack`);
      interrupted.abort();
    });
  }
  const report = new Report(REPORT_DIR);
  const results: FaultResult[] = [];
  const startedAt = Date.now();
  log(`Seed ${options.seed}. Starting a stack of its own …`);
  try {
    const stack = await startFaultStack(log, interrupted.signal);
    for (const { id, title, fault } of entries) {
      if (interrupted.signal.aborted) break;
      if (!fault) {
        results.push(notBuilt(id, title));
        continue;
      }
      log(`${id} ${title} (${fault.how})`);
      const { seed, rate, long } = options;
      const { context, marks } = await makeContext({
        stack,
        id,
        seed,
        rate,
        long,
        signal: interrupted.signal,
        log,
      });
      const { result, evidence } = await runFault(fault, context, marks, options.beforeMs);
      await report.history(id, evidence);
      results.push(result);
      log(`  ${id}: ${result.result} after ${(result.tookMs / 1000).toFixed(0)} s`);
    }
  } finally {
    report.results({ ...options, startedAt, tookMs: Date.now() - startedAt }, results);
    await stopFaultStack(() => undefined).catch((error: unknown) => {
      console.error(`The stack was not stopped: ${String(error)}`);
    });
  }
  return verdict(results, options, interrupted.signal.aborted);
}

function verdict(results: readonly FaultResult[], { seed, broken }: Options, interrupted: boolean): number {
  log(`\n${table(results)}\n`);
  for (const line of results.flatMap((r) => complaints(r))) log(line);
  log(`\nHistories and results: ${relative(REPO, REPORT_DIR)}. Seed ${seed}.`);
  if (interrupted) return 130;
  if (broken !== null) {
    const lost = results.flatMap((r) => r.violations).filter((v) => v.invariant === 'I1').length;
    log(
      lost > 0
        ? `${broken}: caught, ${lost} losses reported.`
        : `${broken}: NOT caught: the checker is blind to it.`,
    );
    return lost > 0 ? 0 : 1;
  }
  const ran = results.filter((r) => r.result !== 'not built yet');
  const failed = ran.filter((r) => r.result !== 'passed').length;
  log(`${ran.length - failed} passed, ${failed} failed`);
  return failed === 0 && ran.length > 0 ? 0 : 1;
}

const notBuilt = (id: string, title: string): FaultResult => ({
  ...{ id, title, result: 'not built yet', sent: 0, accepted: 0, refused: 0, unknown: 0, committed: 0 },
  ...{ violations: [], broken: [], formerRate: 0, recoveredAfterMs: null, drainedAfterMs: null },
  ...{ peakMemoryMiB: {}, tookMs: 0 },
});

process.exitCode = await main(process.argv.slice(2));
