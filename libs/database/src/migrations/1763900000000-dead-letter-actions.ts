import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Dead letters get an id that is also their time, a kind and a state, and a record of what operators did.
 * The previous version goes on beside it: what it inserts takes the defaults.
 * Reverse: drop the table, the columns, the indexes, the policies and the function made here.
 */
export class DeadLetterActions1763900000000 implements MigrationInterface {
  readonly name = 'DeadLetterActions1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...LETTERS, ...ACTIONS, ...POLICIES, ...GRANTS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const LETTERS = [
  `DO $$ BEGIN
     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'operator') THEN
       RAISE EXCEPTION 'the role operator is missing: run deploy/postgres/roles.sql first (npm start does)';
     END IF;
   END $$`,
  // Of a random UUID everything but its first 48 bits and its version.
  `CREATE FUNCTION uuid7_at(ts timestamptz) RETURNS uuid LANGUAGE sql VOLATILE STRICT AS $$
     SELECT (substr(public.uuid7_floor(ts)::text, 1, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid $$`,
  `ALTER TABLE dead_letters
     ADD COLUMN id uuid,
     ADD COLUMN kind text,
     ADD COLUMN state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replaying', 'replayed', 'discarded')),
     ADD COLUMN resolved_at timestamptz`,
  `UPDATE dead_letters SET id = uuid7_at(at)`,
  `ALTER TABLE dead_letters
     ALTER COLUMN id SET DEFAULT public.uuid7_at(clock_timestamp()),
     ALTER COLUMN id SET NOT NULL`,
  `CREATE UNIQUE INDEX dead_letters_id ON dead_letters (id)`,
  `CREATE INDEX dead_letters_of_tenant ON dead_letters (tenant_id, id)`,
  `CREATE INDEX dead_letters_replaying ON dead_letters (id) WHERE state = 'replaying'`,
  `DROP INDEX dead_letters_tenant`,
];

const ACTIONS = [
  `CREATE TABLE dead_letter_actions (
     letter_id uuid NOT NULL,
     action_id uuid NOT NULL,
     tenant_id text COLLATE "C",
     action text NOT NULL CHECK (action IN ('replay', 'discard')),
     actor text NOT NULL,
     via text NOT NULL CHECK (via IN ('api', 'cli')),
     why text NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     result text NOT NULL CHECK (result IN ('requested', 'done', 'unchanged', 'refused')),
     detail text,
     ended_at timestamptz,
     PRIMARY KEY (letter_id, action_id)
   )`,
  `CREATE UNIQUE INDEX dead_letter_actions_id ON dead_letter_actions (action_id)`,
];

const POLICIES = ['dead_letters', 'dead_letter_actions'].flatMap((table) => [
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY ${table}_of_tenant ON ${table} FOR SELECT TO reader
     USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')))`,
  `CREATE POLICY ${table}_written ON ${table} TO writer USING (true) WITH CHECK (true)`,
  `CREATE POLICY ${table}_operated ON ${table} FOR SELECT TO operator USING (true)`,
]);

const GRANTS = [
  `GRANT SELECT, INSERT ON dead_letter_actions TO writer`,
  // What was asked for, by whom and why, stands as it was written.
  `GRANT UPDATE (result, detail, ended_at) ON dead_letter_actions TO writer`,
  // Everything but the payload, which holds content.
  `GRANT SELECT (id, message_id, ordinal, tenant_id, command_id, post_id, kind, reason, attempts, state, at, resolved_at)
     ON dead_letters TO reader`,
  `GRANT SELECT ON dead_letter_actions TO reader`,
  `GRANT USAGE ON SCHEMA public TO operator`,
  `GRANT SELECT ON dead_letters, dead_letter_actions TO operator`,
];
