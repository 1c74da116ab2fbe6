import { lsnFromPostgres, type Position } from '@spillway/contracts';
import type { Scope } from './scope.js';

/**
 * Role and position of a server. On a primary the flush position: the insert position can point past
 * what a standby can ever reach. In recovery the timeline is the one being received, or without a
 * sender the one of the last checkpoint.
 */
export const NODE_POSITION = `SELECT r.recovery,
    CASE WHEN r.recovery THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END::text AS lsn,
    CASE WHEN r.recovery
      THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int END AS timeline
  FROM (SELECT pg_is_in_recovery() AS recovery) r`;

export interface NodePositionRow {
  readonly recovery: boolean;
  readonly lsn: string;
  readonly timeline: number;
}

export const positionOf = (shard: string, row: NodePositionRow): Position => ({
  shard,
  timeline: row.timeline,
  lsn: lsnFromPostgres(row.lsn),
});

/**
 * A position that contains everything committed or seen on this connection before: it is read after
 * those snapshots were taken. Asked inside a writing transaction it would not contain its commit.
 */
export const seenPosition = async (scope: Scope, shard: string): Promise<Position> =>
  positionIn(await scope.query<NodePositionRow>(NODE_POSITION), shard);

/** @throws Error when `NODE_POSITION` was answered with nothing. */
export function positionIn([row]: readonly NodePositionRow[], shard: string): Position {
  if (!row) throw new Error('the server told no position');
  return positionOf(shard, row);
}
