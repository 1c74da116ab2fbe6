import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger of what became of accepted commands, and the facts from which the life of a job is told: batches,
 * runs of writers, how far replicas were. Commands that ended before it are not counted. The previous version
 * goes on beside it, and what it commits is not counted either: the ledger is then short of it, never over.
 * Reverse: drop the tables and the index made here.
 */
export class Ledger1764300000000 implements MigrationInterface {
  readonly name = 'Ledger1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GRANTS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const TABLES = [
  // A row for each writer and lane, so that no two batches under way ever wait for the same one.
  `CREATE TABLE ledger (
     writer text NOT NULL,
     lane text NOT NULL CHECK (lane IN ('write', 'bulk', 'letters')),
     committed bigint NOT NULL,
     duplicate bigint NOT NULL,
     superseded bigint NOT NULL,
     failed bigint NOT NULL,
     PRIMARY KEY (writer, lane)
   ) WITH (fillfactor = 20)`,
  // What the gateways said they had confirmed, one row for each of their runs.
  `CREATE TABLE ledger_accepted (
     source text PRIMARY KEY,
     accepted bigint NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp()
   ) WITH (fillfactor = 20)`,
  `CREATE INDEX dead_letters_parked ON dead_letters (id)
     WHERE state IN ('open', 'replaying') AND reason <> 'undecodable'`,
  // The last three columns are known after the commit, and filled in behind it.
  `CREATE TABLE batches (
     xid xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
     writer text NOT NULL,
     lane text NOT NULL CHECK (lane IN ('write', 'bulk')),
     attempt int NOT NULL,
     held text,
     commands int NOT NULL,
     started_at timestamptz NOT NULL,
     applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     committed_at timestamptz,
     timeline int,
     lsn pg_lsn
   ) WITH (fillfactor = 60)`,
  `CREATE INDEX batches_applied ON batches (applied_at)`,
  `CREATE TABLE writer_runs (
     writer text NOT NULL,
     started_at timestamptz NOT NULL,
     seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (writer, started_at)
   ) WITH (fillfactor = 20)`,
  `CREATE TABLE replica_progress (
     replica text NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     timeline int NOT NULL,
     lsn pg_lsn NOT NULL,
     PRIMARY KEY (replica, at)
   )`,
];

const GRANTS = [
  `GRANT SELECT, INSERT, UPDATE ON ledger, ledger_accepted TO writer`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON batches, writer_runs TO writer`,
  `GRANT SELECT, INSERT, DELETE ON replica_progress TO writer`,
  // Nothing in them belongs to a tenant. How many commands a batch had is nobody's but ours.
  `GRANT SELECT (xid, writer, lane, attempt, held, started_at, applied_at, committed_at, timeline, lsn) ON batches TO reader`,
  `GRANT SELECT ON writer_runs, replica_progress TO reader`,
  `GRANT USAGE ON SCHEMA public TO monitor`,
  `GRANT SELECT ON ledger, ledger_accepted, batches, writer_runs, replica_progress TO operator, monitor`,
];
