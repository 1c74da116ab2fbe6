import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger keeps the greatest surplus of ended over accepted commands it has seen for certain, so that one that
 * shrinks is told as a loss. The previous version goes on beside it: it knows neither the table nor the column.
 * Reverse: drop both.
 */
export class LedgerSurplus1764600000000 implements MigrationInterface {
  readonly name = 'LedgerSurplus1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const STATEMENTS = [
  // Of `accepted`, what was told so late that a surplus may have been seen before it.
  `ALTER TABLE ledger_accepted ADD COLUMN late bigint NOT NULL DEFAULT 0`,
  // One row. With the sum of `late` at that moment, so that what comes late afterwards is taken off by itself.
  `CREATE TABLE ledger_surplus (
     one boolean PRIMARY KEY DEFAULT true CHECK (one),
     surplus bigint NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp()
   ) WITH (fillfactor = 20)`,
  `INSERT INTO ledger_surplus (surplus) VALUES (0)`,
  `GRANT SELECT, UPDATE ON ledger_surplus TO writer`,
  `GRANT SELECT ON ledger_surplus TO operator, monitor`,
];
