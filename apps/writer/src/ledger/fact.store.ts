import type { Position } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import { toPgLsn } from '../posts/commit-facts.js';

/** A run that was not noted for so long has an end there, and what comes after it is another run. */
const ABSENT_AFTER = '10 seconds';

/** Goes on with the run that is known, or begins one. In the database's time, as all times of a timeline. */
const NOTE_RUN = `
  WITH known AS (
    UPDATE writer_runs SET seen_at = clock_timestamp()
    WHERE writer = $1 AND started_at = $2::timestamptz AND seen_at > clock_timestamp() - $3::interval
    RETURNING started_at
  ), begun AS (
    INSERT INTO writer_runs (writer, started_at) SELECT $1, clock_timestamp() WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT DO NOTHING
    RETURNING started_at
  )
  SELECT started_at::text AS started_at FROM known UNION ALL SELECT started_at::text FROM begun`;

/** Notes that a writer is at work. @param run the run it went on with before. @returns the one it is in. */
export async function noteRun(scope: Scope, writer: string, run: string | undefined): Promise<string> {
  const [row] = await scope.query<{ readonly started_at: string }>(NOTE_RUN, [
    writer,
    run ?? null,
    ABSENT_AFTER,
  ]);
  return row?.started_at ?? '';
}

export interface ReplicaPosition {
  readonly replica: string;
  readonly position: Position;
}

/** One writer at a time notes where replicas are, and only when one has moved. */
const NOTE_PROGRESS = `
  INSERT INTO replica_progress (replica, timeline, lsn)
  SELECT g.replica, g.timeline, g.lsn
  FROM unnest($1::text[], $2::int[], $3::pg_lsn[]) AS g(replica, timeline, lsn)
  WHERE pg_try_advisory_xact_lock(hashtext('spillway.progress'))
    AND (g.timeline, g.lsn) IS DISTINCT FROM
      (SELECT (p.timeline, p.lsn) FROM replica_progress p WHERE p.replica = g.replica ORDER BY p.at DESC LIMIT 1)
  ON CONFLICT DO NOTHING`;

export async function noteProgress(scope: Scope, replicas: readonly ReplicaPosition[]): Promise<void> {
  if (replicas.length === 0) return;
  await scope.query(NOTE_PROGRESS, [
    replicas.map(({ replica }) => replica),
    replicas.map(({ position }) => position.timeline),
    replicas.map(({ position }) => toPgLsn(position.lsn)),
  ]);
}

/** Jobs are known for 7 days; a day more for whoever looks late. */
const PURGE = [
  `DELETE FROM batches WHERE xid IN
     (SELECT xid FROM batches WHERE applied_at < clock_timestamp() - interval '8 days' ORDER BY applied_at LIMIT 20000)`,
  `DELETE FROM replica_progress WHERE at < clock_timestamp() - interval '8 days'`,
  `DELETE FROM writer_runs WHERE seen_at < clock_timestamp() - interval '8 days'`,
];

/** Deletes facts older than any job, a bounded number of batches at a time. */
export async function purgeFacts(scope: Scope): Promise<void> {
  for (const statement of PURGE) await scope.query(statement);
}
