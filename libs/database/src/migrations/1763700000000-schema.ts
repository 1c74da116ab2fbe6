import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The schema of a shard. Reverse: drop the tables and functions named here, after a backup; nothing
 * before this migration exists.
 */
export class Schema1763700000000 implements MigrationInterface {
  readonly name = 'Schema1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...FUNCTIONS, ...TABLES, ...POLICIES, ...GRANTS]) await runner.query(statement);
    await runner.query(
      `SELECT ensure_partitions(now() + make_interval(months => m)) FROM generate_series(-1, 3) AS m`,
    );
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const FUNCTIONS = [
  `CREATE FUNCTION uuid7_floor(ts timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
     SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
     FROM (SELECT lpad(to_hex(floor(extract(epoch FROM ts) * 1000)::bigint), 12, '0') AS h) s $$`,
  `CREATE FUNCTION tenant_bucket(tenant text) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
     SELECT (('x' || encode(substr(sha256(convert_to(tenant, 'UTF8')), 1, 4), 'hex'))::bit(32)::bigint % 1024)::int $$`,
  // Attaching takes a weaker lock than CREATE TABLE … PARTITION OF, so writers and readers go on.
  `CREATE FUNCTION ensure_partitions(at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
   DECLARE
     first timestamptz := date_trunc('month', at);
     next timestamptz := date_trunc('month', at) + interval '1 month';
     suffix text := to_char(first, 'YYYYMM');
     parent text;
     made boolean := false;
   BEGIN
     IF at < timestamptz '1970-01-01 00:00:00+00' OR at > now() + interval '5 months' THEN
       RAISE EXCEPTION 'no partition is made for %', at USING ERRCODE = '22023';
     END IF;
     PERFORM pg_advisory_xact_lock(hashtext('spillway.partitions'));
     FOREACH parent IN ARRAY ARRAY['posts', 'post_tags'] LOOP
       IF to_regclass('public.' || parent || '_' || suffix) IS NULL THEN
         EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', parent || '_' || suffix, parent);
         EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
           parent, parent || '_' || suffix, uuid7_floor(first), uuid7_floor(next));
         made := true;
       END IF;
     END LOOP;
     RETURN made;
   END $$`,
  `REVOKE ALL ON FUNCTION ensure_partitions(timestamptz) FROM PUBLIC`,
];

const TABLES = [
  `CREATE TABLE posts (
     tenant_id text COLLATE "C" NOT NULL,
     id uuid NOT NULL,
     author_id text COLLATE "C" NOT NULL,
     channel_id text COLLATE "C",
     reply_to uuid,
     content text NOT NULL,
     content_version uuid NOT NULL,
     tags text[] NOT NULL DEFAULT '{}',
     tags_version uuid NOT NULL,
     deleted_by uuid,
     command_id uuid NOT NULL,
     trace_id text,
     stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (tenant_id, id),
     CONSTRAINT posts_content_size CHECK (octet_length(content) <= 65536)
   ) PARTITION BY RANGE (id)`,
  `CREATE INDEX posts_author ON posts (tenant_id, author_id, id)`,
  `CREATE INDEX posts_channel ON posts (tenant_id, channel_id, id) WHERE channel_id IS NOT NULL`,
  `CREATE INDEX posts_replies ON posts (tenant_id, reply_to, id) WHERE reply_to IS NOT NULL`,
  `CREATE TABLE post_tags (
     tenant_id text COLLATE "C" NOT NULL,
     tag text COLLATE "C" NOT NULL,
     post_id uuid NOT NULL,
     PRIMARY KEY (tenant_id, tag, post_id)
   ) PARTITION BY RANGE (post_id)`,
  `CREATE TABLE command_outcomes (
     tenant_id text COLLATE "C" NOT NULL,
     command_id uuid NOT NULL,
     outcome text NOT NULL CHECK (outcome IN ('completed', 'superseded', 'rejected', 'alias', 'discarded', 'parked')),
     code text,
     detail text,
     post_id uuid NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (tenant_id, command_id)
   )`,
  `CREATE INDEX command_outcomes_at ON command_outcomes USING brin (at)`,
  `CREATE TABLE idempotency (
     tenant_id text COLLATE "C" NOT NULL,
     author_id text COLLATE "C" NOT NULL,
     key_hash bytea NOT NULL,
     body_hash bytea NOT NULL,
     command_id uuid NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (tenant_id, author_id, key_hash)
   ) PARTITION BY HASH (tenant_id, author_id, key_hash)`,
  ...[0, 1, 2, 3].map(
    (n) =>
      `CREATE TABLE idempotency_${n} PARTITION OF idempotency FOR VALUES WITH (MODULUS 4, REMAINDER ${n})`,
  ),
  `CREATE INDEX idempotency_at ON idempotency USING brin (at)`,
  `CREATE TABLE dead_letters (
     message_id uuid NOT NULL,
     ordinal int NOT NULL,
     tenant_id text COLLATE "C",
     command_id uuid,
     post_id uuid,
     reason text NOT NULL,
     attempts int NOT NULL DEFAULT 0,
     payload bytea NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (message_id, ordinal)
   )`,
  `CREATE INDEX dead_letters_tenant ON dead_letters (tenant_id, at)`,
];

const tenantPolicy = (table: string): string[] => [
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  // A reused session answers '' for a setting that is not set, so '' must mean nobody.
  `CREATE POLICY ${table}_of_tenant ON ${table} FOR SELECT TO reader
     USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')))`,
  `CREATE POLICY ${table}_written ON ${table} TO writer USING (true) WITH CHECK (true)`,
];

const POLICIES = ['posts', 'post_tags', 'command_outcomes'].flatMap(tenantPolicy);

const GRANTS = [
  `GRANT USAGE ON SCHEMA public TO writer, reader`,
  `GRANT SELECT, INSERT, UPDATE ON posts, command_outcomes, idempotency, dead_letters TO writer`,
  `GRANT SELECT, INSERT, DELETE ON post_tags TO writer`,
  `GRANT EXECUTE ON FUNCTION ensure_partitions(timestamptz) TO writer`,
  // Nothing on partitions: reading one directly would pass by the policy of its parent.
  `GRANT SELECT ON posts, post_tags, command_outcomes TO reader`,
];
