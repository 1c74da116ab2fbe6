import { gatewayUrl, measure, orderOf } from '../bench.js';
import { SyncService } from '../scenarios/sync.js';
import type { Point, SeriesMaker } from './series.js';

/** Parts of what the gateway accepts at most. */
const PARTS = [0.1, 0.25, 0.5, 0.75, 1, 1.5] as const;

/** Ours and the service without a broker, in turn, on schedule: where does the broker pay? */
export const load: SeriesMaker = {
  title: 'posts due a second: with the broker, and without one',
  async run(bench, sustained) {
    const points: Point[] = [];
    const service = await SyncService.start(bench);
    try {
      await bench.client.run(orderOf(bench, service.url, { durationMs: 2_000 }));
      const peak = await sustained.peak(bench);
      for (const part of PARTS) {
        const rate = Math.round((peak * part) / 10) * 10;
        points.push({ label: `${rate} sync`, block: await service.measure(bench, rate) });
        const order = orderOf(bench, gatewayUrl(bench), { rate });
        const block = await measure(bench, { send: () => bench.client.run(order) });
        points.push({ label: `${rate} ours`, block });
        await bench.counters.drained();
      }
    } finally {
      service.stop();
    }
    return points;
  },
};
