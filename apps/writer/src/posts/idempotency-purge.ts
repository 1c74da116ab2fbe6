import type { Router } from '@spillway/database';
import type { Events } from '../events.js';
import { repeat } from '../repeat.js';

/** Keys are promised for 24 hours; the hour beyond is for clocks that differ and retries under way. */
const KEEP = '25 hours';
const ROWS_AT_ONCE = 1_000;

/** Rows that another writer is deleting are skipped, so that several share the work. */
const PURGE = `
  WITH old AS (
    SELECT tenant_id, author_id, key_hash FROM idempotency
    WHERE at < clock_timestamp() - $1::interval
    LIMIT $2
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM idempotency i USING old
    WHERE i.tenant_id = old.tenant_id AND i.author_id = old.author_id AND i.key_hash = old.key_hash
    RETURNING 1
  )
  SELECT count(*)::int AS count FROM gone`;

/**
 * Deletes the idempotency keys of a shard that are past their time, in statements of a bounded size,
 * until none is left or `going` says no. Returns how many.
 */
export async function purgeIdempotencyKeys(
  router: Router,
  shard: string,
  going: () => boolean = () => true,
): Promise<number> {
  let total = 0;
  for (let count = ROWS_AT_ONCE; count === ROWS_AT_ONCE && going(); total += count) {
    const [row] = await router.onPrimary(shard, (scope) =>
      scope.query<{ readonly count: number }>(PURGE, [KEEP, ROWS_AT_ONCE]),
    );
    count = row?.count ?? 0;
  }
  return total;
}

const EVERY_MS = 60_000;

/** Purges every minute, so that there is never much to do at once. Returns how to stop. */
export const keepIdempotencyPurged = (
  router: Router,
  shards: readonly string[],
  events: Events,
): (() => void) =>
  repeat(EVERY_MS, async (going) => {
    for (const shard of shards) {
      await purgeIdempotencyKeys(router, shard, going).catch((error: unknown) =>
        events.purgeLate(shard, error),
      );
    }
    return EVERY_MS;
  });
