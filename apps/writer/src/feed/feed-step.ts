import type { Router, Scope } from '@spillway/database';
import type { Derivation, Stretch } from './derivation.js';

/**
 * What a step did: `more` waits, all is `done`, or another writer leads.
 */
export type StepResult = 'more' | 'done' | 'follows';

/** For the transaction, not the session: behind PgBouncer a session belongs to nobody. */
const LEAD = `SELECT pg_try_advisory_xact_lock(hashtext('spillway.feed.' || $1)) AS leads`;

/** Transactions below the snapshot's xmin are over: nothing can appear behind a cursor that stands there. */
const WHERE_IT_IS = `
  SELECT xid::text, pg_snapshot_xmin(pg_current_snapshot())::text AS safe FROM feed_cursors WHERE name = $1`;

/** The transaction in which the rows of one step are exceeded, if there are so many. */
const BEYOND = `
  SELECT p.xid::text, p.xid = $1::xid8 AS first FROM post_changes p WHERE p.xid >= $1::xid8 AND p.xid < $2::xid8
  ORDER BY p.xid OFFSET $3 LIMIT 1`;

/**
 * The cursor is still where the promoted server had it, so not beyond the first transaction of the new
 * timeline: whoever followed an older one goes on from here. Recorded before the cursor moves on.
 */
const RECORD_TIMELINE = `
  INSERT INTO feed_timelines (timeline, from_xid)
  SELECT t.timeline, c.xid
  FROM feed_cursors c, (SELECT ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int AS timeline) t
  WHERE c.name = 'counts' AND NOT EXISTS (SELECT FROM feed_timelines f WHERE f.timeline >= t.timeline)
  ON CONFLICT DO NOTHING`;

const MOVE = `UPDATE feed_cursors SET xid = $2::xid8, at = clock_timestamp() WHERE name = $1`;

/**
 * Derives the next stretch of a shard's feed and moves the cursor, in one transaction: it happened, once,
 * or it did not. Any number of writers may try; one does it.
 */
export function feedStep(router: Router, shard: string, derivation: Derivation): Promise<StepResult> {
  return router.onPrimary(shard, (scope) =>
    scope.transaction(async () => {
      const [lock] = await scope.query<{ readonly leads: boolean }>(LEAD, [derivation.cursor]);
      if (!lock?.leads) return 'follows';
      // Statements of their own from here on: their snapshots see what the last leader committed.
      if (derivation.cursor === 'counts') await scope.query(RECORD_TIMELINE);
      const { stretch, more } = await nextStretch(scope, derivation);
      if (stretch) {
        await derivation.derive(scope, stretch);
        await scope.query(MOVE, [derivation.cursor, stretch.to]);
      }
      return more ? 'more' : 'done';
    }),
  );
}

async function nextStretch(
  scope: Scope,
  { cursor, rowsAtOnce }: Derivation,
): Promise<{ readonly stretch?: Stretch; readonly more: boolean }> {
  const [at] = await scope.query<{ readonly xid: string; readonly safe: string }>(WHERE_IT_IS, [cursor]);
  if (!at) throw new Error(`the change feed has no cursor ${cursor}`);
  if (BigInt(at.safe) <= BigInt(at.xid)) return { more: false };
  const [beyond] = await scope.query<{ readonly xid: string; readonly first: boolean }>(BEYOND, [
    at.xid,
    at.safe,
    rowsAtOnce,
  ]);
  if (!beyond) return { stretch: { from: at.xid, to: at.safe }, more: false };
  const to = beyond.first ? String(BigInt(beyond.xid) + 1n) : beyond.xid;
  return { stretch: { from: at.xid, to }, more: true };
}
