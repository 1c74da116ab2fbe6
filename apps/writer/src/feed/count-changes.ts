import type { Scope } from '@spillway/database';
import type { Derivation, Stretch } from './derivation.js';

/** The last hours that "most replied" can be asked for, with a day to spare. */
export const REPLIES_KEPT = '32 days';

/**
 * Every number is added to, never set: it is exact because a change is in exactly one stretch, and the
 * cursor moves in the same transaction.
 */
const COUNT = `
  WITH changes AS MATERIALIZED (
    SELECT *, uuid7_time(post_id) AS posted FROM post_changes WHERE xid >= $1::xid8 AND xid < $2::xid8
  ), hours AS (
    SELECT tenant_id, date_trunc('hour', posted, 'UTC') AS hour, count(*) FILTER (WHERE created) AS created,
           sum(edits) AS edited, count(*) FILTER (WHERE deleted) AS deleted
    FROM changes GROUP BY 1, 2
  ), hourly AS (
    INSERT INTO stats_hourly AS s (tenant_id, hour, created, edited, deleted) SELECT * FROM hours
    ON CONFLICT (tenant_id, hour) DO UPDATE
      SET created = s.created + excluded.created, edited = s.edited + excluded.edited, deleted = s.deleted + excluded.deleted
  ), totals AS (
    INSERT INTO stats_totals AS s (tenant_id, created, edited, deleted)
    SELECT tenant_id, sum(created), sum(edited), sum(deleted) FROM hours GROUP BY 1
    ON CONFLICT (tenant_id) DO UPDATE
      SET created = s.created + excluded.created, edited = s.edited + excluded.edited, deleted = s.deleted + excluded.deleted
  ), replied AS (
    SELECT tenant_id, date_trunc('hour', posted, 'UTC') AS hour, reply_to, sum(created::int - deleted::int) AS replies,
           max(posted) FILTER (WHERE created) AS last_reply_at
    FROM changes WHERE reply_to IS NOT NULL AND created <> deleted GROUP BY 1, 2, 3
  ), reply_totals AS (
    INSERT INTO reply_counts AS r (tenant_id, post_id, replies, last_reply_at)
    SELECT tenant_id, reply_to, sum(replies), max(last_reply_at) FROM replied GROUP BY 1, 2
    ON CONFLICT (tenant_id, post_id) DO UPDATE
      SET replies = r.replies + excluded.replies, last_reply_at = greatest(r.last_reply_at, excluded.last_reply_at)
  ), reply_hours AS (
    INSERT INTO replies_hourly AS r (tenant_id, hour, post_id, replies)
    SELECT tenant_id, hour, reply_to, replies FROM replied WHERE hour >= now() - $3::interval
    ON CONFLICT (tenant_id, hour, post_id) DO UPDATE SET replies = r.replies + excluded.replies
  ), tagged AS (
    SELECT tenant_id, tag, sum(n) AS posts
    FROM (
      SELECT tenant_id, unnest(tags_added) AS tag, 1 AS n FROM changes
      UNION ALL
      SELECT tenant_id, unnest(tags_removed), -1 FROM changes
    ) AS t GROUP BY 1, 2 HAVING sum(n) <> 0
  )
  INSERT INTO tag_counts AS t (tenant_id, tag, posts) SELECT * FROM tagged
  ON CONFLICT (tenant_id, tag) DO UPDATE SET posts = t.posts + excluded.posts`;

/** A statement of its own, which sees what the other one wrote. */
const DROP_UNUSED_TAGS = `
  DELETE FROM tag_counts t
  USING (
    SELECT DISTINCT tenant_id, unnest(tags_removed) AS tag FROM post_changes WHERE xid >= $1::xid8 AND xid < $2::xid8
  ) AS removed
  WHERE t.tenant_id = removed.tenant_id AND t.tag = removed.tag AND t.posts = 0`;

/** Counts posts by hour and in all, replies and tags. */
export const COUNTS: Derivation = {
  cursor: 'counts',
  putOffSeconds: 0,
  rowsAtOnce: 2_000,
  async derive(scope: Scope, { from, to }: Stretch): Promise<void> {
    await scope.query(COUNT, [from, to, REPLIES_KEPT]);
    await scope.query(DROP_UNUSED_TAGS, [from, to]);
  },
};
