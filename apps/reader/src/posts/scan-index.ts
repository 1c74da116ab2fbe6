import type { ReadScope } from '@spillway/database/read';
import { condition, Parameters, type IdRange, type Indexed, type PostFilter } from './post-filter.js';

export interface Scan {
  readonly filter: PostFilter;
  readonly range: IdRange;
  /** The filter whose index is followed. */
  readonly along: Indexed;
  /** The filters that a row must fulfil as well. */
  readonly rest: readonly Indexed[];
  /** Entries to look at, at most. */
  readonly entries: number;
}

export interface Scanned {
  /** Newest first. */
  readonly ids: readonly string[];
  /** The oldest id that was looked at, when there may be more below it. */
  readonly reached: string | undefined;
}

/**
 * Looks at a bounded number of an index' entries from the newest down, and says which may be asked for.
 * Those found along a tag are not held against the rest yet: the tags' index knows the ids only.
 */
export async function scanIndex(scope: ReadScope, scan: Scan): Promise<Scanned> {
  const rows = await (scan.along === 'tag' ? tagged(scope, scan) : matched(scope, scan));
  return {
    ids: rows.filter(({ fits }) => fits).map(({ id }) => id),
    reached: rows.length === scan.entries ? rows.at(-1)?.id : undefined,
  };
}

interface Entry {
  readonly id: string;
  readonly fits: boolean;
}

function tagged(scope: ReadScope, { filter, range, entries }: Scan): Promise<Entry[]> {
  return scope.query<Entry>(
    `SELECT post_id AS id, true AS fits FROM post_tags
     WHERE tenant_id = $1 AND tag = $2 AND post_id >= $3 AND post_id < $4 ORDER BY post_id DESC LIMIT $5`,
    [filter.tenant, filter.tag, range.low, range.high, entries],
  );
}

function matched(scope: ReadScope, { filter, range, along, rest, entries }: Scan): Promise<Entry[]> {
  const parameters = new Parameters();
  const tenant = parameters.add(filter.tenant);
  const where = [
    `tenant_id = ${tenant}`,
    `id >= ${parameters.add(range.low)}`,
    `id < ${parameters.add(range.high)}`,
    condition(filter, along, parameters),
  ];
  const fits = [...rest.map((name) => condition(filter, name, parameters)), 'deleted_by IS NULL'];
  // IS TRUE: a post without a channel is in none, and null is no answer.
  return scope.query<Entry>(
    `SELECT id, (${fits.join(' AND ')}) IS TRUE AS fits FROM posts WHERE ${where.join(' AND ')}
     ORDER BY id DESC LIMIT ${parameters.add(entries)}`,
    parameters.values,
  );
}
