import type { ReadScope } from '@spillway/database/read';
import { NO_POST, type FeedPlace } from '../changes/change-cursor.js';

export interface Counted {
  readonly created: number;
  readonly edited: number;
  readonly deleted: number;
}

export interface FoundStats {
  readonly totals: Counted;
  readonly hours: readonly (Counted & { readonly hour: Date })[];
  /** Everything before this place is counted, and nothing after it. */
  readonly upTo: FeedPlace;
  readonly at: Date;
}

/** More hours than this are not answered at once: a month. */
export const HOURS_MAX = 744;

interface Row {
  readonly xid: string;
  readonly at: Date;
  readonly timeline: number;
  readonly created: string | null;
  readonly edited: string | null;
  readonly deleted: string | null;
  readonly hour: Date | null;
  readonly hourCreated: string | null;
  readonly hourEdited: string | null;
  readonly hourDeleted: string | null;
}

/**
 * A tenant's counts, and those of the hours in a range of time (Unix milliseconds). One statement, so that
 * cursor, totals and hours are of one moment.
 */
export async function findStats(
  scope: ReadScope,
  tenant: string,
  sinceMs: number,
  untilMs: number,
): Promise<FoundStats> {
  const rows = await scope.query<Row>(
    `SELECT c.xid::text AS xid, c.at, (SELECT coalesce(max(timeline), 0) FROM feed_timelines) AS timeline,
       t.created, t.edited, t.deleted,
       h.hour, h.created AS "hourCreated", h.edited AS "hourEdited", h.deleted AS "hourDeleted"
     FROM feed_cursors c
     LEFT JOIN stats_totals t ON t.tenant_id = $1
     LEFT JOIN (SELECT * FROM stats_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3
       ORDER BY hour LIMIT ${HOURS_MAX}) h ON true
     WHERE c.name = 'counts' ORDER BY h.hour`,
    [tenant, new Date(sinceMs), new Date(untilMs)],
  );
  const [first] = rows;
  if (!first) throw new Error('the change feed has no cursor');
  return {
    totals: counted(first.created, first.edited, first.deleted),
    hours: rows.flatMap(({ hour, hourCreated, hourEdited, hourDeleted }) =>
      hour === null ? [] : [{ hour, ...counted(hourCreated, hourEdited, hourDeleted) }],
    ),
    upTo: { timeline: first.timeline, xid: BigInt(first.xid), postId: NO_POST },
    at: first.at,
  };
}

/** Counts come as text, being 64 bits wide; a tenant without posts has none. */
const counted = (created: string | null, edited: string | null, deleted: string | null): Counted => ({
  created: Number(created ?? 0),
  edited: Number(edited ?? 0),
  deleted: Number(deleted ?? 0),
});
