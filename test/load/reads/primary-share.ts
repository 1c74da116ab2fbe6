import type { Bench } from '../bench.js';
import { look } from './recorded-answer.js';
import { freshToken } from './targets.js';

export interface ServedBy {
  /** Reads by who served them. */
  readonly counts: Readonly<Record<string, number>>;
  /** Part of them that the primary served, 0 to 1. */
  readonly primary: number;
}

const CALLERS = 8;
const PLAIN_PER_TOKEN = 9;

/**
 * Callers that each write a post, read it with its token at once, and read nine times without one: who served
 * them, while writes go on and replicas are healthy.
 */
export async function primaryShare(bench: Bench): Promise<ServedBy> {
  const counts: Record<string, number> = {};
  const ends = Date.now() + bench.blockMs;
  const url = `${bench.stack.urlOf('reader-1')}/v1/posts?until=2100-01-01T00:00:00Z`;
  const caller = async (token: string): Promise<void> => {
    while (Date.now() < ends) {
      const fresh = await freshToken(bench, token);
      for (let n = 0; n <= PLAIN_PER_TOKEN; n++) {
        const { servedBy } = await look(url, token, n === 0 ? { 'consistency-token': fresh } : {});
        counts[servedBy ?? 'unknown'] = (counts[servedBy ?? 'unknown'] ?? 0) + 1;
      }
    }
  };
  await Promise.all(bench.tokens.slice(0, CALLERS).map(caller));
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return { counts, primary: (counts['primary'] ?? 0) / Math.max(1, all) };
}
