import { startBenchStack, stopBenchStack } from './bench-stack.js';
import { gatewayUrl, orderOf, type Bench, type Block, type Scenario } from './bench.js';
import { LoadClient } from './client/load-client.js';
import { Counters } from './measure/counters.js';
import type { Options } from './options.js';
import { makeBodies, makeTokens } from './posts.js';
import { PROFILED, profileBlock } from './profile/profile-block.js';
import type { Results } from './report/ratios.js';
import { makeScenarios } from './scenarios/index.js';

/** Starts a stack, measures the scenarios in turn, and stops it. */
export async function runWrites(
  options: Options,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Results> {
  const settings: Record<string, string> = options.profile ? { NODE_OPTIONS: '--inspect-port=0' } : {};
  log('Starting a stack of its own …');
  const client = LoadClient.start();
  try {
    const started = await startBenchStack(settings, log, signal);
    const { connections, blockMs } = options;
    const bench: Bench = {
      ...started,
      ...{ client, connections, blockMs, log },
      counters: new Counters(started.stack),
      tokens: await makeTokens(started.stack.dir, options.authors, Date.now().toString(36)),
      bodies: makeBodies(options.size),
    };
    await warmUp(bench, options.warmUpMs);
    return await inTurn(bench, options, signal);
  } finally {
    client.stop();
    await stopBenchStack().catch((error: unknown) => {
      log(`The stack was not stopped: ${String(error)}`);
    });
  }
}

async function warmUp(bench: Bench, durationMs: number): Promise<void> {
  bench.log('Warming up …');
  await bench.counters.rebase();
  await bench.client.run(orderOf(bench, gatewayUrl(bench), { durationMs }));
  await bench.counters.drained();
}

/** A B C A B C …: what changes on the machine meanwhile meets all alike. */
async function inTurn(bench: Bench, options: Options, signal: AbortSignal): Promise<Results> {
  const scenarios = makeScenarios(options.only);
  const results: Record<string, Block[]> = Object.fromEntries(scenarios.map(({ name }) => [name, []]));
  try {
    for (const scenario of scenarios) await scenario.prepare?.(bench);
    for (let round = 1; round <= options.blocks; round++) {
      for (const scenario of scenarios) {
        if (signal.aborted) return results;
        results[scenario.name]?.push(await settled(bench, scenario));
      }
      bench.log(`  round ${round} of ${options.blocks} done`);
    }
    await profile(bench, scenarios, options);
    return results;
  } finally {
    for (const scenario of scenarios) scenario.cleanUp?.();
  }
}

async function settled(bench: Bench, scenario: Scenario): Promise<Block> {
  const block = await scenario.block(bench);
  await bench.counters.drained();
  return block;
}

async function profile(
  bench: Bench,
  scenarios: readonly Scenario[],
  { profile: app }: Options,
): Promise<void> {
  const scenario = scenarios.find(({ name }) => app !== null && name === PROFILED[app]);
  if (app === null || !scenario) return;
  await profileBlock(bench, scenario, app);
  await bench.counters.drained();
}
