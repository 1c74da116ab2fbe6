import { drainBlock } from '../scenarios/drain.js';
import type { Point, SeriesMaker } from './series.js';

/** One writer and two, on one backlog. */
export const writers: SeriesMaker = {
  title: 'writers that write a backlog down',
  async run(bench) {
    const { components, counters } = bench;
    const points: Point[] = [{ label: '1', block: await drainBlock(bench, ['writer-1']) }];
    await components.supervisor('start', 'writer-2');
    try {
      await components.ready('writer-2');
      // Not measured: the second one compiles its code.
      await drainBlock(bench, ['writer-1', 'writer-2']);
      await counters.drained();
      points.push({ label: '2', block: await drainBlock(bench, ['writer-1', 'writer-2']) });
      await counters.drained();
    } finally {
      await components.supervisor('stop', 'writer-2');
    }
    await counters.rebase();
    return points;
  },
};
