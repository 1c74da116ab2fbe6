import type { Router } from '@spillway/database';
import type { Events } from '../events.js';
import { repeat } from '../repeat.js';

const ROWS_AT_ONCE = 5_000;

/** A day more than are counted, so that the leader never adds to an hour that is being deleted. */
const REPLIES_GONE = '33 days';

const PURGE_REPLIES = `
  WITH gone AS (
    DELETE FROM replies_hourly
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM replies_hourly WHERE hour < now() - $1::interval LIMIT $2))
    RETURNING 1
  )
  SELECT count(*)::int AS count FROM gone`;

/**
 * Empties the partitions of a shard's feed whose newest change is older than `keepDays`, and deletes the
 * hours of replies that nobody can ask for. Any writer may do it, and several at once.
 */
export async function purgeFeed(
  router: Router,
  shard: string,
  keepDays: number,
  going: () => boolean = () => true,
): Promise<void> {
  await router.onPrimary(shard, (scope) =>
    scope.query('SELECT purge_changes(now() - make_interval(days => $1))', [keepDays]),
  );
  for (let count = ROWS_AT_ONCE; count === ROWS_AT_ONCE && going();) {
    const [row] = await router.onPrimary(shard, (scope) =>
      scope.query<{ readonly count: number }>(PURGE_REPLIES, [REPLIES_GONE, ROWS_AT_ONCE]),
    );
    count = row?.count ?? 0;
  }
}

const EVERY_MS = 600_000;
const FIRST_MS = 60_000;

/** Purges every ten minutes. Returns how to stop. */
export const keepFeedPurged = (
  router: Router,
  shards: readonly string[],
  keepDays: number,
  events: Events,
): (() => void) =>
  repeat(FIRST_MS, async (going) => {
    for (const shard of shards)
      await purgeFeed(router, shard, keepDays, going).catch((error: unknown) =>
        events.feedPurgeLate(shard, error),
      );
    return EVERY_MS;
  });
