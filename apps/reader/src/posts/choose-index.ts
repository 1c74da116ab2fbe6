import type { ReadScope } from '@spillway/database/read';
import {
  condition,
  indexedIn,
  Parameters,
  type IdRange,
  type Indexed,
  type PostFilter,
} from './post-filter.js';

/** How far down each index is looked to see which has the fewest entries for its length of time. */
const DEPTH = 200;

/**
 * The filter whose index has the fewest entries in a range, as far as a bounded look can tell: the one
 * whose entry at a fixed depth is the oldest, or that has none there. Undefined without such a filter.
 */
export async function chooseIndex(
  scope: ReadScope,
  filter: PostFilter,
  range: IdRange,
): Promise<Indexed | undefined> {
  const candidates = indexedIn(filter);
  if (candidates.length < 2) return candidates[0];
  const parameters = new Parameters();
  const tenant = parameters.add(filter.tenant);
  const [low, high] = [parameters.add(range.low), parameters.add(range.high)];
  const depths = candidates.map((name) => {
    const [table, id, fits] =
      name === 'tag'
        ? ['post_tags', 'post_id', `tag = ${parameters.add(filter.tag)}`]
        : ['posts', 'id', condition(filter, name, parameters)];
    return `(SELECT ${id} FROM ${table} WHERE tenant_id = ${tenant} AND ${fits} AND ${id} >= ${low} AND ${id} < ${high}
      ORDER BY ${id} DESC OFFSET ${DEPTH} LIMIT 1) AS "${name}"`;
  });
  const [row] = await scope.query<Record<Indexed, string | null>>(
    `SELECT ${depths.join(', ')}`,
    parameters.values,
  );
  const depthOf = (name: Indexed): string => row?.[name] ?? '';
  return candidates.reduce((best, name) => (depthOf(name) < depthOf(best) ? name : best));
}
