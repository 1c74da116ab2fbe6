import type { StoredPost } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { selectEach } from '../posts/select-posts.js';
import { NO_POST, type FeedPlace } from './change-cursor.js';

export interface StoredChange {
  readonly postId: string;
  readonly created: boolean;
  readonly deleted: boolean;
  readonly at: Date;
  /** As it is now; undefined when it is deleted. */
  readonly post: StoredPost | undefined;
}

export interface FoundChanges {
  readonly changes: readonly StoredChange[];
  /** Where to go on. */
  readonly place: FeedPlace;
  readonly more: boolean;
}

interface Row {
  readonly xid: string;
  readonly postId: string;
  readonly created: boolean;
  readonly deleted: boolean;
  readonly at: Date;
}

/**
 * The next changes of a tenant behind a place, or from the oldest that is kept, in the order of their
 * transactions. Only transactions below the oldest that is still running count: nothing can commit behind
 * the answer any more. Null when changes behind the place may be gone.
 */
export async function findChanges(
  scope: ReadScope,
  tenant: string,
  after: FeedPlace | undefined,
  limit: number,
): Promise<FoundChanges | null> {
  const feed = await feedOf(scope, after?.timeline ?? 0);
  const start = startOf(feed, after);
  const rows = await scope.query<Row>(
    `SELECT c.xid::text AS xid, c.post_id AS "postId", c.created, c.deleted, c.at FROM post_changes c
     WHERE c.tenant_id = $1 AND c.xid >= $2::xid8 AND (c.xid, c.post_id) > ($2::xid8, $3::uuid)
       AND c.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY c.xid, c.post_id LIMIT $4`,
    [tenant, start.xid, start.postId, limit + 1],
  );
  // Looked at last: what was emptied before the statement above is known by now.
  if (start.xid < (await feedOf(scope, start.timeline)).purged) return null;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const posts = await postsOf(scope, tenant, page);
  return {
    changes: page.map((row) => ({ ...row, post: posts.get(row.postId) })),
    place: last ? { timeline: feed.timeline, xid: BigInt(last.xid), postId: last.postId } : start,
    more: rows.length > limit,
  };
}

/** The place behind which there is only what may yet commit. */
export async function placeOfNow(scope: ReadScope): Promise<FeedPlace> {
  // The timeline first: a place that claims too old a one is only followed by repetitions.
  const { timeline } = await feedOf(scope, 0);
  const [row] = await scope.query<{ xid: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid',
  );
  if (!row) throw new Error('the server told no transaction id');
  return { timeline, xid: BigInt(row.xid), postId: NO_POST };
}

interface Feed {
  readonly timeline: number;
  /** Where timelines after the asked one begin to differ from it. */
  readonly differsFrom: bigint | undefined;
  /** Changes of lesser transactions may be gone. */
  readonly purged: bigint;
}

async function feedOf(scope: ReadScope, timeline: number): Promise<Feed> {
  const [row] = await scope.query<{ timeline: number; from: string | null; purged: string }>(
    `SELECT coalesce(max(timeline), 0) AS timeline, (min(from_xid) FILTER (WHERE timeline > $1))::text AS "from",
       (SELECT xid::text FROM feed_cursors WHERE name = 'purged') AS purged FROM feed_timelines`,
    [timeline],
  );
  if (!row) throw new Error('the change feed has no cursor');
  const differsFrom = row.from === null ? undefined : BigInt(row.from);
  return { timeline: row.timeline, differsFrom, purged: BigInt(row.purged) };
}

/** A promotion may have put other transactions in the place of some: those are read once more. */
function startOf({ timeline, differsFrom, purged }: Feed, after: FeedPlace | undefined): FeedPlace {
  if (!after) return { timeline, xid: purged, postId: NO_POST };
  if (differsFrom !== undefined && differsFrom < after.xid)
    return { timeline, xid: differsFrom, postId: NO_POST };
  return { ...after, timeline };
}

async function postsOf(
  scope: ReadScope,
  tenant: string,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, StoredPost>> {
  const ids = [...new Set(rows.map(({ postId }) => postId))].sort().reverse();
  const posts = await selectEach(scope, tenant, ids);
  return new Map(posts.map((post) => [post.id, post]));
}
