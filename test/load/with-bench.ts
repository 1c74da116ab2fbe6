import type { Stack } from '@spillway/testing';
import { startBenchStack, stopBenchStack, type BenchStackOptions } from './bench-stack.js';
import { gatewayUrl, orderOf, type Bench } from './bench.js';
import { LoadClient } from './client/load-client.js';
import { Counters } from './measure/counters.js';
import type { Options } from './options.js';
import { makeBodies, makeTokens } from './posts.js';
import { wearIn } from './wear-in.js';

/** Code that is not compiled yet costs many times as much: so many posts at least go before the first block. */
const WARM_POSTS = 15_000;
const WARM_UPS_MAX = 5;

export interface BenchRun {
  readonly options: Options;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface BenchSetup {
  /** Settings of each. */
  readonly gateways: BenchStackOptions['gateways'];
  /** Who counts in another way loads, and warms, the gateways in another way too. */
  readonly counters?: (stack: Stack) => Counters;
}

/**
 * Starts and warms a stack of its own, lends it to `work`, and stops it whatever happened.
 */
export async function withBench<T>(
  { options, log, signal }: BenchRun,
  work: (bench: Bench) => Promise<T>,
  { gateways, counters }: BenchSetup = { gateways: [{}] },
): Promise<T> {
  const settings: Record<string, string> = options.profile ? { NODE_OPTIONS: '--inspect-port=0' } : {};
  log('Starting a stack of its own …');
  const client = LoadClient.start();
  try {
    const started = await startBenchStack({ settings, gateways }, log, signal);
    const { connections, blockMs } = options;
    const bench: Bench = {
      ...started,
      ...{ client, connections, blockMs, log },
      counters: counters?.(started.stack) ?? new Counters(started.stack),
      tokens: await makeTokens(started.stack.dir, options.authors, Date.now().toString(36)),
      bodies: makeBodies(options.size),
    };
    log('Wearing the database in …');
    await wearIn(started.stack);
    await bench.counters.rebase();
    if (!counters) {
      log('Warming up …');
      await warmUp(bench, gatewayUrl(bench), options.warmUpMs);
      await bench.counters.drained();
    }
    return await work(bench);
  } finally {
    client.stop();
    await stopBenchStack().catch((error: unknown) => {
      log(`The stack was not stopped: ${String(error)}`);
    });
  }
}

/** Loads one gateway until it has taken enough posts. @returns how many. */
export async function warmUp(bench: Bench, url: string, durationMs: number): Promise<number> {
  const order = orderOf(bench, url, { durationMs });
  let posts = 0;
  for (let n = 0; n < WARM_UPS_MAX && posts < WARM_POSTS; n++)
    posts += (await bench.client.run(order)).accepted.count;
  return posts;
}
