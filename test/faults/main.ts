import { relative } from 'node:path';
import { against } from './broken-builds.js';
import { catalogue, type Entry } from './catalogue.js';
import { makeContext } from './context.js';
import { endProcess, log, runCommand } from '../stack/command.js';
import { REPO } from '../stack/launcher.js';
import { FAULT_STACK, REPORT_DIR, startOwnStack, stopOwnStack } from './own-stack.js';
import { readOptions, USAGE, type Options } from './options.js';
import { Report } from './report.js';
import { complaints, table, type FaultResult } from './result.js';
import { runFault } from './run-fault.js';
import { verdictOf, verdictOfBroken } from './verdict.js';

/** Exit codes: 0 all that ran passed (or the broken build was caught), 1 something did not hold, 2 misuse. */
async function main(options: Options, signal: AbortSignal): Promise<number> {
  const entries = catalogue();
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
  return run(chosen(entries, options), options, signal);
}

/** A broken build is tried with the fault that must reveal it, unless others are named. */
function chosen(entries: readonly Entry[], { faults, broken }: Options): readonly Entry[] {
  const wanted = (id: string): boolean => faults.length === 0 || faults.includes(id);
  if (broken.length === 0) return entries.filter((e) => wanted(e.id));
  return broken.flatMap((build) =>
    entries
      .filter(({ id, fault }) => fault && (faults.length > 0 ? wanted(id) : id === build.fault))
      .map((entry) => (entry.fault ? { ...entry, fault: against(build, entry.fault) } : entry)),
  );
}

async function run(entries: readonly Entry[], options: Options, signal: AbortSignal): Promise<number> {
  const report = new Report(REPORT_DIR);
  const results: FaultResult[] = [];
  const startedAt = Date.now();
  log(`Seed ${options.seed}. Starting a stack of its own …`);
  try {
    const stack = await startOwnStack(FAULT_STACK, log, signal, options.keep);
    for (const [index, { id, title, fault }] of entries.entries()) {
      if (signal.aborted) break;
      if (!fault) {
        results.push(notBuilt(id, title));
        continue;
      }
      log(`[${index + 1}/${entries.length}, ${sinceText(startedAt)}] ${id} ${fault.title} (${fault.how})`);
      const { seed, rate, long } = options;
      const { context, marks } = await makeContext({
        stack,
        id,
        seed,
        rate,
        long,
        signal,
        log,
      });
      const { result, evidence } = await runFault(fault, context, marks, options.beforeMs);
      await report.history(id, evidence);
      results.push(result);
      for (const line of complaints(result, 6)) log(`  ${line}`);
      log(`  ${id}: ${result.result} after ${(result.tookMs / 1000).toFixed(0)} s`);
    }
  } finally {
    report.results({ ...options, startedAt, tookMs: Date.now() - startedAt }, results);
    if (!options.keep) {
      await stopOwnStack(FAULT_STACK).catch((error: unknown) => {
        console.error(`The stack was not stopped: ${String(error)}`);
      });
    }
  }
  return conclude(results, options, signal.aborted);
}

function conclude(results: readonly FaultResult[], { seed, broken }: Options, interrupted: boolean): number {
  log(`\n${table(results)}\n`);
  for (const line of results.flatMap((r) => complaints(r))) log(line);
  log(`\nHistories and results: ${relative(REPO, REPORT_DIR)}. Seed ${seed}.`);
  if (interrupted) return 130;
  const { lines, sound } = broken.length > 0 ? verdictOfBroken(results) : verdictOf(results);
  for (const line of lines) log(line);
  return sound ? 0 : 1;
}

const sinceText = (startedAt: number): string => {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

const notBuilt = (id: string, title: string): FaultResult => ({
  ...{ id, title, result: 'not built yet', sent: 0, accepted: 0, refused: 0, unknown: 0, committed: 0 },
  ...{ violations: [], broken: [], formerRate: 0, recoveredAfterMs: null, drainedAfterMs: null },
  ...{ peakMemoryMiB: {}, tookMs: 0 },
});

const command = {
  usage: USAGE,
  readOptions,
  whenInterrupted: 'ending the load and stopping the stack',
  run: main,
};
endProcess(await runCommand(command, process.argv.slice(2)));
