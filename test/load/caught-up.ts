import type { Client } from 'pg';
import { eventually, notYet } from '@spillway/testing';

const DEADLINE_MS = 600_000;
const BEHIND = `
  SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::float8 AS behind FROM pg_stat_replication`;

/** Waits until the replicas have replayed all but the last megabyte of what the primary has written. */
export async function caughtUp(admin: Client): Promise<void> {
  const look = async (): Promise<true | ReturnType<typeof notYet>> => {
    const { rows } = await admin.query<{ behind: number }>(BEHIND);
    const behind = rows[0]?.behind ?? Number.NaN;
    return behind < 1_000_000 || notYet({ behind });
  };
  await eventually('the replicas have replayed the load', look, { deadlineMs: DEADLINE_MS, everyMs: 500 });
}
