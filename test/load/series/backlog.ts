import { gatewayUrl, measure, orderOf, type Bench, type Block } from '../bench.js';
import type { Point, SeriesMaker } from './series.js';

const BACKLOG = 50_000;
const FILL_MAX_MS = 60_000;

/** What accepting costs while nobody writes: into an empty queue, and behind many posts that wait. */
export const backlog: SeriesMaker = {
  title: 'posts that wait in the queue, no writer',
  async run(bench) {
    const { components, counters } = bench;
    await counters.drained();
    await components.supervisor('stop', 'writer-1');
    // Its counter begins at 0 when it is started again.
    await counters.rebase();
    const points: Point[] = [];
    try {
      points.push({ label: '0', block: await accept(bench) });
      const waiting = await fill(bench);
      points.push({ label: String(waiting), block: await accept(bench) });
    } finally {
      await components.supervisor('start', 'writer-1');
      await components.ready('writer-1');
    }
    await counters.drained();
    return points;
  },
};

/** The counter of writers is not asked: none runs. */
async function accept(bench: Bench): Promise<Block> {
  const order = orderOf(bench, gatewayUrl(bench));
  return measure(bench, { send: () => bench.client.run(order) });
}

/** @returns how many wait, to the thousand. */
async function fill(bench: Bench): Promise<number> {
  const started = performance.now();
  let waiting = await bench.counters.backlog();
  while (waiting < BACKLOG && performance.now() - started < FILL_MAX_MS) {
    await bench.client.run(orderOf(bench, gatewayUrl(bench), { durationMs: 2_000 }));
    waiting = await bench.counters.backlog();
  }
  return Math.round(waiting / 1_000) * 1_000;
}
