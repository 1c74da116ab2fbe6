import type { Stack } from '@spillway/testing';
import { Broker } from './broker.js';
import { makeCallers } from './callers.js';
import { Components } from './components.js';
import type { FaultContext } from './fault.js';
import { Followers } from './followers.js';
import { History } from './history.js';
import { Load } from './load.js';
import { Primary } from './primary.js';
import { Random } from './random.js';
import type { Marks } from './run-fault.js';

export interface ContextOptions {
  readonly stack: Stack;
  readonly id: string;
  readonly seed: number;
  readonly rate: number;
  readonly long: boolean;
  /** Rejects every hold when the run is interrupted. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Everything one fault works with, for tenants of its own. */
export async function makeContext(options: ContextOptions): Promise<{ context: FaultContext; marks: Marks }> {
  const { stack, id, seed, rate, long, signal, log } = options;
  const run = `${seed}-${id.toLowerCase()}`;
  const callers = await makeCallers(stack.dir, run);
  const history = new History();
  const random = new Random(seed + Number(id.slice(1)));
  const { baseUrl } = stack;
  const marks: Marks = { injectedAt: 0, healedAt: 0, broken: [] };
  const context: FaultContext = {
    ...{ stack, history, callers, run, seed, long },
    components: new Components(stack),
    broker: new Broker(stack),
    primary: new Primary(stack),
    load: new Load({ baseUrl, run, rate, callers, random, history }),
    followers: new Followers(baseUrl, history, callers),
    injected: () => {
      marks.injectedAt = Date.now();
    },
    healed: () => {
      marks.healedAt = Date.now();
    },
    expect: (holds, sentence) => {
      if (!holds) marks.broken.push(sentence);
    },
    note: (line) => {
      log(`  ${id}: ${line}`);
    },
    hold: (ms) => held(ms, signal),
  };
  return { context, marks };
}

function held(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      reject(new Error('interrupted'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', over);
      resolve();
    }, ms);
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}
