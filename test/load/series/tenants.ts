import { gatewayUrl, orderOf } from '../bench.js';
import { makeTokens } from '../posts.js';
import { toCommit, type Point, type SeriesMaker } from './series.js';

const AUTHORS = [1, 100, 10_000] as const;
const MANY = 1_000;

/** Authors, each with a token and a quota of its own; ten make a tenant. */
export const tenants: SeriesMaker = {
  title: 'authors, ten to a tenant',
  async run(bench) {
    const points: Point[] = [];
    for (const authors of AUTHORS) {
      const tokens = await makeTokens(bench.stack.dir, authors, `series-${Date.now().toString(36)}`);
      const first = await toCommit(bench, { tokens });
      if (authors > MANY) {
        points.push({ label: `${authors}, first use of each token`, block: first });
        for (let seen = first.accepted; seen < authors;) {
          seen +=
            (await bench.client.run(orderOf(bench, gatewayUrl(bench), { tokens }))).accepted.count || authors;
        }
        await bench.counters.drained();
      }
      points.push({ label: String(authors), block: await toCommit(bench, { tokens }) });
    }
    return points;
  },
};
