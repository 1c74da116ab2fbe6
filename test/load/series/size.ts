import { makeBodies } from '../posts.js';
import { toCommit, type Point, type SeriesMaker } from './series.js';

const BYTES = [100, 1_000, 8_000] as const;

export const size: SeriesMaker = {
  title: "bytes of a post's content",
  async run(bench) {
    const points: Point[] = [];
    for (const bytes of BYTES)
      points.push({ label: String(bytes), block: await toCommit(bench, { bodies: makeBodies(bytes) }) });
    return points;
  },
};
