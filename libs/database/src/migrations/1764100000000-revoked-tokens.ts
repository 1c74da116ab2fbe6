import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tokens that are refused although they have not expired. The previous version goes on beside it: it knows
 * nothing of the table.
 * Reverse: drop the table.
 */
export class RevokedTokens1764100000000 implements MigrationInterface {
  readonly name = 'RevokedTokens1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const STATEMENTS = [
  `CREATE TABLE revoked_tokens (
     tenant_id text COLLATE "C" NOT NULL,
     jti text COLLATE "C" NOT NULL,
     exp timestamptz NOT NULL,
     id uuid NOT NULL,
     actor text NOT NULL,
     via text NOT NULL CHECK (via IN ('api', 'cli')),
     why text NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (tenant_id, jti)
   )`,
  `CREATE INDEX revoked_tokens_newest ON revoked_tokens (tenant_id, id)`,
  `CREATE INDEX revoked_tokens_exp ON revoked_tokens (exp)`,
  `ALTER TABLE revoked_tokens ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY revoked_tokens_of_tenant ON revoked_tokens FOR SELECT TO reader
     USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')))`,
  `CREATE POLICY revoked_tokens_written ON revoked_tokens TO writer USING (true) WITH CHECK (true)`,
  `CREATE POLICY revoked_tokens_operated ON revoked_tokens FOR SELECT TO operator USING (true)`,
  // Who revoked it first and why stands; only its end may be put off. Deleted is what has expired.
  `GRANT SELECT, INSERT, DELETE, UPDATE (exp) ON revoked_tokens TO writer`,
  `GRANT SELECT ON revoked_tokens TO reader, operator`,
];
