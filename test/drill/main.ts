import { eventually, notYet, type Stack } from '@spillway/testing';
import { makeContext } from '../faults/context.js';
import { drain } from '../faults/drain.js';
import { startOwnStack, stopOwnStack, type OwnStack } from '../faults/own-stack.js';
import { endProcess, log, runCommand } from '../stack/command.js';
import { cli } from './cli.js';
import { readOptions, USAGE, type Options } from './options.js';
import { runDrill, type AlertResult } from './run-drill.js';
import { startScaledPrometheus } from './scaled-prometheus.js';
import { passed, shownResults } from './shown.js';
import { Watching } from './watching.js';

const STACK: OwnStack = {
  dir: '.local/drill',
  size: ['--gateways', '1', '--writers', '2', '--readers', '1', '--replicas', '1'],
};

async function main(options: Options, signal: AbortSignal): Promise<number> {
  log('Starting a stack of its own …');
  try {
    return await run(options, signal);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return signal.aborted ? 130 : 1;
  } finally {
    if (!options.keep) {
      await stopOwnStack(STACK).catch((error: unknown) => {
        console.error(`The stack was not stopped: ${String(error)}`);
      });
    }
  }
}

async function run({ drills, factor, idle, keep, rate }: Options, signal: AbortSignal): Promise<number> {
  const stack = await startOwnStack(STACK, log, signal, keep);
  const faster = factor === 1 ? undefined : await startScaledPrometheus(stack, factor);
  log(
    faster
      ? `Rules: every "for" and every range divided by ${factor}, thresholds as they are (--true-time: nothing divided).`
      : 'Rules: as they are.',
  );
  const { context } = await makeContext({
    ...{ stack, id: 'D0', seed: Date.now() % 1_000_000, rate, long: false, signal, log },
  });
  const watching = new Watching(faster?.url ?? stack.urlOf('prometheus'), factor);
  const results: AlertResult[] = [];
  const complaints: string[] = [];
  try {
    await context.components.allReady();
    context.load.start();
    for (const drill of drills) {
      if (signal.aborted) break;
      log(`${drill.name}: ${idle ? 'nothing is done' : drill.how} …`);
      const done = await runDrill(drill, { context, watching, idle, signal });
      results.push(...done.results);
      complaints.push(...done.complaints);
    }
    await context.load.stop();
    log(`\n${shownResults(results)}\n`);
    for (const line of complaints) log(line);
    if (signal.aborted) return 130;
    await drain(context);
    await queuesCountedEmpty(stack);
    log(await cli(stack, ['ledger', '--wait', '90s']));
  } finally {
    await context.load.stop();
    await faster?.stop();
  }
  if (idle) return results.some(({ firedMs }) => firedMs !== null) ? 1 : 0;
  return complaints.length === 0 && results.every(passed) ? 0 : 1;
}

/** The broker counts every 5 s: before it counts none, the ledger could not tell a gap from what is on its way. */
const queuesCountedEmpty = (stack: Stack): Promise<boolean> =>
  eventually(
    'the broker counts no message',
    async () => {
      const shards = JSON.parse(await cli(stack, ['ledger', '--wait', '0s', '--json'])) as {
        messages: number;
      }[];
      return shards.every(({ messages }) => messages === 0) || notYet(shards);
    },
    { deadlineMs: 60_000, everyMs: 1_000 },
  );

const command = {
  usage: USAGE,
  readOptions,
  whenInterrupted: 'undoing what was done, and stopping the stack',
  run: main,
};
endProcess(await runCommand(command, process.argv.slice(2)));
