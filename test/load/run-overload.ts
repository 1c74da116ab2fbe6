import { gatewayUrl, orderOf, type Bench } from './bench.js';
import type { LoadResult } from './client/order.js';
import { residentMiB } from './measure/read-proc.js';
import { fitLine } from './measure/statistics.js';
import { Sustained } from './sustained.js';
import { withBench, type BenchRun } from './with-bench.js';

const CROWD = 2_048;
const SAMPLED = ['gateway-1', 'writer-1', 'rabbitmq'] as const;
/** Growth below this is called flat: collectors of garbage take their time. */
const FLAT_MIB_PER_MINUTE = 1;
/** Seconds that are left out, for heaps to find their size. */
const SETTLING_SECONDS = 30;

/** Resident memory of a process over an overload. */
export interface Memory {
  readonly name: string;
  /** MiB, one a second. */
  readonly samples: readonly number[];
  readonly peakMiB: number;
  /** Slope of the line through the last two thirds. */
  readonly mibPerMinute: number;
  readonly flat: boolean;
}

export interface OverloadRun {
  readonly peak: number;
  readonly rate: number;
  readonly load: LoadResult;
  readonly backlog: number;
  readonly memory: readonly Memory[];
}

/** Sends several times the peak for minutes, whatever is answered, and looks at memory each second. */
export const runOverload = (run: BenchRun): Promise<OverloadRun> =>
  withBench(run, async (bench) => {
    const { minutes, times } = run.options;
    const peak = await new Sustained().peak(bench);
    const rate = peak * times;
    run.log(`  sending ${Math.round(rate)} posts/s for ${minutes} minutes …`);
    const sampled = new Map<string, number[]>(SAMPLED.map((name) => [name, []]));
    const timer = setInterval(() => {
      sample(bench, sampled);
    }, 1_000);
    try {
      const durationMs = minutes * 60_000;
      const load = await bench.client.run(
        orderOf(bench, gatewayUrl(bench), { rate, connections: CROWD, durationMs }),
      );
      const memory = [...sampled].map(([name, samples]) => memoryOf(name, samples));
      return { peak, rate, load, backlog: await bench.counters.backlog(), memory };
    } finally {
      clearInterval(timer);
    }
  });

function sample({ stack }: Bench, sampled: ReadonlyMap<string, number[]>): void {
  for (const { name, pid } of stack.processes()) sampled.get(name)?.push(residentMiB(pid));
}

/** Judges samples of one a second. */
export function memoryOf(name: string, samples: readonly number[]): Memory {
  const later = samples.slice(Math.floor(samples.length / 3));
  const slope = fitLine(later.map((mib, second): [number, number] => [second, mib])).perX * 60;
  const settled = samples.length > 2 * SETTLING_SECONDS ? samples.slice(SETTLING_SECONDS) : samples;
  return {
    ...{ name, samples },
    peakMiB: Math.max(...settled),
    mibPerMinute: slope,
    flat: slope < FLAT_MIB_PER_MINUTE,
  };
}
