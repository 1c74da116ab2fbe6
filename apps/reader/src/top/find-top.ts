import type { TopWindow } from '@spillway/contracts';
import type { StoredPost } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { selectEach } from '../posts/select-posts.js';

export interface FoundTop {
  readonly post: StoredPost;
  readonly replies: number;
}

const HOUR_MS = 3600_000;
const HOURS: Record<TopWindow, number | undefined> = {
  '1h': 1,
  '6h': 6,
  '24h': 24,
  '7d': 7 * 24,
  '30d': 30 * 24,
  all: undefined,
};
/** Asked for beyond the limit, in place of those whose deletion has not been counted yet. */
const SPARE = 10;

/** The posts with the most replies in a window of whole hours, most first. */
export async function findTop(
  scope: ReadScope,
  tenant: string,
  window: TopWindow,
  limit: number,
  now: number,
): Promise<readonly FoundTop[]> {
  const counted = await countsOf(scope, tenant, HOURS[window], limit + SPARE, now);
  const ids = counted
    .map(({ postId }) => postId)
    .sort()
    .reverse();
  const posts = await selectEach(scope, tenant, ids);
  const byId = new Map(posts.map((post) => [post.id, post]));
  return counted
    .flatMap(({ postId, replies }) => {
      const post = byId.get(postId);
      return post ? [{ post, replies }] : [];
    })
    .slice(0, limit);
}

interface Row {
  readonly postId: string;
  readonly replies: number;
}

function countsOf(
  scope: ReadScope,
  tenant: string,
  hours: number | undefined,
  limit: number,
  now: number,
): Promise<Row[]> {
  if (hours === undefined)
    return scope.query<Row>(
      `SELECT post_id AS "postId", replies FROM reply_counts WHERE tenant_id = $1 AND replies > 0
       ORDER BY replies DESC, post_id DESC LIMIT $2`,
      [tenant, limit],
    );
  const since = Math.floor((now - hours * HOUR_MS) / HOUR_MS) * HOUR_MS;
  return scope.query<Row>(
    `SELECT post_id AS "postId", sum(replies)::int AS replies FROM replies_hourly
     WHERE tenant_id = $1 AND hour >= $2 GROUP BY post_id HAVING sum(replies) > 0
     ORDER BY 2 DESC, 1 DESC LIMIT $3`,
    [tenant, new Date(since), limit],
  );
}
