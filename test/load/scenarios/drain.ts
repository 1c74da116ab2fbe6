import { eventually, notYet } from '@spillway/testing';
import { gatewayUrl, memoryOf, orderOf, type Bench, type Block, type Scenario } from '../bench.js';
import { CpuMeter } from '../measure/cpu-meter.js';

const DEADLINE_MS = 180_000;

/** A backlog, and what it takes to write it down. */
export const drain = (): Scenario => ({
  name: 'drain',
  title: 'posts that waited, written by one writer while nothing arrives',
  block: (bench) => drainBlock(bench, ['writer-1']),
});

/**
 * The writers are held (SIGSTOP) while posts are accepted, so that their boot is not measured; they are held for
 * less than the broker's heartbeat allows.
 */
export async function drainBlock(bench: Bench, writers: readonly string[]): Promise<Block> {
  const { components, client, counters, blockMs } = bench;
  for (const writer of writers) components.signal(writer, 'SIGSTOP');
  try {
    await client.run(orderOf(bench, gatewayUrl(bench), { durationMs: Math.min(blockMs, 8_000) }));
  } finally {
    for (const writer of writers) components.signal(writer, 'SIGCONT');
  }
  return drained(bench, await counters.accepted());
}

async function drained({ stack, components, counters }: Bench, accepted: number): Promise<Block> {
  const meter = CpuMeter.start(stack, []);
  const began = performance.now();
  const before = await counters.committed();
  const look = async () => (await counters.committed()) >= accepted || notYet('posts wait');
  await eventually('the backlog is committed', look, { deadlineMs: DEADLINE_MS, everyMs: 100 });
  const seconds = (performance.now() - began) / 1000;
  const committed = (await counters.committed()) - before;
  return {
    load: null,
    accepted: 0,
    committed,
    acceptedPerSecond: 0,
    committedPerSecond: committed / seconds,
    cpu: meter.read(),
    memoryMiB: memoryOf({ stack, components }),
  };
}
