import type { LoadClient } from './client/load-client.js';
import type { Latency, LoadOrder, LoadResult } from './client/order.js';
import type { BenchStack } from './bench-stack.js';
import type { Counters } from './measure/counters.js';
import { CpuMeter, type CpuUse, type Role } from './measure/cpu-meter.js';
import { residentMiB } from './measure/read-proc.js';

/** What every scenario works with. */
export interface Bench extends BenchStack {
  readonly counters: Counters;
  readonly client: LoadClient;
  readonly tokens: readonly string[];
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Milliseconds of load in a block. */
  readonly blockMs: number;
  readonly log: (line: string) => void;
}

/** What one block of one scenario showed. */
export interface Block {
  readonly load: LoadResult | null;
  /** Posts accepted and committed while it was measured. */
  readonly accepted: number;
  readonly committed: number;
  readonly acceptedPerSecond: number;
  readonly committedPerSecond: number;
  readonly cpu: CpuUse;
  readonly memoryMiB: Readonly<Record<string, number>>;
  /** How long the broker's own confirms took meanwhile, where that was asked. */
  readonly confirms?: Latency;
}

export interface Scenario {
  readonly name: string;
  /** What is measured, in a line. */
  readonly title: string;
  /** Once, before the first block. */
  prepare?(bench: Bench): Promise<void>;
  block(bench: Bench): Promise<Block>;
  /** Once, after the last one, whatever happened. */
  cleanUp?(): void;
}

export interface Measure {
  readonly send: () => Promise<LoadResult>;
  /** The benchmark's own server, when it is the one that is measured. */
  readonly server?: number;
  /** Goes on measuring until all that was accepted is committed, so that its whole cost is counted. */
  readonly untilDrained?: boolean;
}

/** Connections of a load on schedule: enough that a pause of the service does not hold the schedule up. */
const ON_SCHEDULE = 512;

export const orderOf = (bench: Bench, url: string, changes: Partial<LoadOrder> = {}): LoadOrder => ({
  url,
  path: '/v1/posts',
  tokens: bench.tokens,
  bodies: bench.bodies,
  connections: changes.rate == null ? bench.connections : ON_SCHEDULE,
  rate: null,
  durationMs: bench.blockMs,
  ...changes,
});

/** Tells what a load took. */
export async function measure(bench: Bench, { send, server, untilDrained = false }: Measure): Promise<Block> {
  const { stack, counters, client } = bench;
  const own: [Role, number][] = [['client', client.pid]];
  if (server !== undefined) own.push(['server', server]);
  const committedBefore = await counters.committed();
  const meter = CpuMeter.start(stack, own);
  const load = await send();
  const committedAtEnd = await counters.committed();
  if (untilDrained) await counters.drained();
  const cpu = meter.read();
  const committed = (untilDrained ? await counters.committed() : committedAtEnd) - committedBefore;
  return {
    load,
    accepted: load.accepted.count,
    committed,
    acceptedPerSecond: (load.acceptedInTime * 1000) / load.elapsedMs,
    committedPerSecond: ((committedAtEnd - committedBefore) * 1000) / load.elapsedMs,
    cpu,
    memoryMiB: memoryOf(bench, server),
  };
}

export function memoryOf({ stack }: BenchStack, server?: number): Readonly<Record<string, number>> {
  const pids = [stack.one('gateway-1'), stack.one('writer-1')].map(({ name, pid }): [string, number] => [
    name,
    pid,
  ]);
  if (server !== undefined) pids.push(['server', server]);
  return Object.fromEntries(pids.map(([name, pid]) => [name, residentMiB(pid)]));
}

/** The address of the one gateway, without the edge. */
export const gatewayUrl = ({ stack }: BenchStack): string => stack.urlOf('gateway-1');
