import type { PostField } from '@spillway/contracts';
import type { StoredPost } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { nearTogether } from './near-together.js';
import { condition, Parameters, type IdRange, type Indexed, type PostFilter } from './post-filter.js';

export interface Selection {
  readonly filter: PostFilter;
  readonly limit: number;
  /** What will be looked at; what costs something and is not, is not read. Everything when left out. */
  readonly fields?: ReadonlySet<PostField> | undefined;
}

const REPLIES = `coalesce((SELECT r.replies FROM reply_counts r
    WHERE r.tenant_id = posts.tenant_id AND r.post_id = posts.id), 0)`;

/** The columns of a stored post. */
export function postColumns(fields?: ReadonlySet<PostField>): string {
  const wanted = (field: PostField): boolean => fields === undefined || fields.has(field);
  return `id, author_id AS "authorId", channel_id AS "channelId", reply_to AS "replyTo",
   ${wanted('content') ? 'content' : `''`} AS content, content_version AS "contentVersion", tags, tags_version AS "tagsVersion",
   ${wanted('replies') ? REPLIES : '0'} AS replies`;
}

/** The newest posts of a range, along the index of one filter or none. */
export function selectAlong(
  scope: ReadScope,
  along: Exclude<Indexed, 'tag'> | undefined,
  range: IdRange,
  { filter, limit, fields }: Selection,
): Promise<StoredPost[]> {
  const parameters = new Parameters();
  const tenant = parameters.add(filter.tenant);
  const where = [
    `tenant_id = ${tenant}`,
    `id >= ${parameters.add(range.low)}`,
    `id < ${parameters.add(range.high)}`,
    ...(along === undefined ? [] : [condition(filter, along, parameters)]),
    'deleted_by IS NULL',
  ];
  return scope.query<StoredPost>(
    `SELECT ${postColumns(fields)} FROM posts WHERE ${where.join(' AND ')}
     ORDER BY id DESC LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/**
 * Of these ids, newest first, the newest posts that fulfil the filters in `rest`. The bounds let the
 * planner leave out partitions, which a list of ids alone does not.
 */
export function selectByIds(
  scope: ReadScope,
  ids: readonly string[],
  rest: readonly Indexed[],
  { filter, limit, fields }: Selection,
): Promise<StoredPost[]> {
  const [newest] = ids;
  if (newest === undefined) return Promise.resolve([]);
  const parameters = new Parameters();
  const tenant = parameters.add(filter.tenant);
  const where = [
    `tenant_id = ${tenant}`,
    `id = ANY(${parameters.add(ids)}::uuid[])`,
    `id >= ${parameters.add(ids.at(-1))}`,
    `id <= ${parameters.add(newest)}`,
    ...rest.map((name) => condition(filter, name, parameters)),
    'deleted_by IS NULL',
  ];
  return scope.query<StoredPost>(
    `SELECT ${postColumns(fields)} FROM posts WHERE ${where.join(' AND ')}
     ORDER BY id DESC LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/** The posts of these ids, newest first, of whatever months they are. */
export async function selectEach(
  scope: ReadScope,
  tenant: string,
  ids: readonly string[],
): Promise<StoredPost[]> {
  const runs = nearTogether(ids).map((run) =>
    selectByIds(scope, run, [], { filter: { tenant }, limit: run.length }),
  );
  return (await Promise.all(runs)).flat();
}
