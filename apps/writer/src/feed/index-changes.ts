import type { Scope } from '@spillway/database';
import type { Derivation, Stretch } from './derivation.js';

const CHANGED = `
  SELECT DISTINCT tenant_id, post_id FROM post_changes WHERE xid >= $1::xid8 AND xid < $2::xid8 ORDER BY post_id`;

/**
 * Takes the posts as they are now, which is never older than the stretch: what has changed since then
 * comes again. So repeating it changes nothing. One look-up a post, whatever the planner believes: it expects next to no
 * post as new as these, and would compare each with each.
 */
const index = (languages: readonly string[]): string => `
  WITH given AS (
    SELECT p.tenant_id, p.id, p.deleted_by IS NOT NULL AS gone, p.content
    FROM unnest($1::text[], $2::uuid[]) AS g(tenant_id, id)
    CROSS JOIN LATERAL (
      SELECT * FROM posts WHERE tenant_id = g.tenant_id AND id = g.id AND id BETWEEN $3::uuid AND $4::uuid OFFSET 0
    ) AS p
  ), removed AS (
    DELETE FROM post_search s USING given g
    WHERE g.gone AND s.tenant_id = g.tenant_id AND s.id = g.id AND s.id BETWEEN $3::uuid AND $4::uuid
  )
  INSERT INTO post_search AS s (tenant_id, id, tsv)
  SELECT tenant_id, id, ${languages.map((_, n) => `to_tsvector($${n + 5}::regconfig, content)`).join(' || ')}
  FROM given WHERE NOT gone ORDER BY tenant_id, id
  ON CONFLICT (tenant_id, id) DO UPDATE SET tsv = excluded.tsv WHERE s.tsv IS DISTINCT FROM excluded.tsv`;

/** Tells those who search which languages to ask in. */
const TELL_LANGUAGES = `
  UPDATE feed_cursors SET languages = $1 WHERE name = 'search' AND languages IS DISTINCT FROM $1::text[]`;

/** Indexes the words of posts in each of these text search configurations. */
export const searchIn = (languages: readonly string[]): Derivation => ({
  cursor: 'search',
  // A third of what committing costs the primary, and below the alert on it.
  putOffSeconds: 45,
  rowsAtOnce: 1_000,
  async derive(scope: Scope, { from, to }: Stretch): Promise<void> {
    await scope.query(TELL_LANGUAGES, [languages]);
    const changed = await scope.query<{ readonly tenant_id: string; readonly post_id: string }>(CHANGED, [
      from,
      to,
    ]);
    const ids = changed.map((row) => row.post_id);
    await scope.query(index(languages), [
      changed.map((row) => row.tenant_id),
      ids,
      ids[0],
      ids.at(-1),
      ...languages,
    ]);
  },
});
