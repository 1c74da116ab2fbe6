import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The change feed, and what the leader among the writers derives from it: search, counts, replies, tags.
 * Posts stored before it are in none of these tables. The previous version goes on beside it, but what it
 * stores is not in the feed either.
 * Reverse: drop the tables and functions named here and the extension, and restore `ensure_partitions`
 * from the first migration.
 */
export class ChangeFeed1764000000000 implements MigrationInterface {
  readonly name = 'ChangeFeed1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...INDEXES, ...FUNCTIONS, ...POLICIES, ...GRANTS, ...ROWS])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

const TENANT = `tenant_id text COLLATE "C" NOT NULL`;

const TABLES = [
  // So that one GIN index can hold the tenant beside the words.
  'CREATE EXTENSION IF NOT EXISTS btree_gin',
  `CREATE TABLE post_changes (
     ${TENANT},
     xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
     post_id uuid NOT NULL,
     created boolean NOT NULL DEFAULT false,
     edits int NOT NULL DEFAULT 0,
     deleted boolean NOT NULL DEFAULT false,
     reply_to uuid,
     tags_added text[],
     tags_removed text[],
     at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, xid, post_id)
   ) PARTITION BY RANGE (xid)`,
  `CREATE TABLE post_search (${TENANT}, id uuid NOT NULL, tsv tsvector NOT NULL, PRIMARY KEY (tenant_id, id))
     PARTITION BY RANGE (id)`,
  `CREATE TABLE stats_hourly (
     ${TENANT},
     hour timestamptz NOT NULL,
     created bigint NOT NULL,
     edited bigint NOT NULL,
     deleted bigint NOT NULL,
     PRIMARY KEY (tenant_id, hour)
   ) WITH (fillfactor = 80)`,
  `CREATE TABLE stats_totals (
     ${TENANT},
     created bigint NOT NULL,
     edited bigint NOT NULL,
     deleted bigint NOT NULL,
     PRIMARY KEY (tenant_id)
   ) WITH (fillfactor = 50)`,
  `CREATE TABLE reply_counts (
     ${TENANT},
     post_id uuid NOT NULL,
     replies int NOT NULL,
     last_reply_at timestamptz,
     PRIMARY KEY (tenant_id, post_id)
   ) WITH (fillfactor = 80)`,
  `CREATE TABLE replies_hourly (
     ${TENANT},
     hour timestamptz NOT NULL,
     post_id uuid NOT NULL,
     replies int NOT NULL,
     PRIMARY KEY (tenant_id, hour, post_id)
   ) WITH (fillfactor = 80)`,
  `CREATE TABLE tag_counts (${TENANT}, tag text COLLATE "C" NOT NULL, posts bigint NOT NULL, PRIMARY KEY (tenant_id, tag))
     WITH (fillfactor = 80)`,
  `CREATE TABLE feed_cursors (
     name text PRIMARY KEY CHECK (name IN ('counts', 'search', 'purged')),
     xid xid8 NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     languages text[]
   ) WITH (fillfactor = 50)`,
  `CREATE TABLE feed_timelines (
     timeline int PRIMARY KEY,
     from_xid xid8 NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
];

const INDEXES = [
  `CREATE INDEX post_changes_xid ON post_changes (xid)`,
  // New posts wait in a list of at most a megabyte and are merged together: a third of the processor and a
  // sixth of the log, for some tenths of a millisecond a search.
  `CREATE INDEX post_search_tsv ON post_search USING gin (tenant_id, tsv) WITH (fastupdate = on, gin_pending_list_limit = 1024)`,
  `CREATE INDEX reply_counts_most ON reply_counts (tenant_id, replies DESC, post_id DESC)`,
  `CREATE INDEX replies_hourly_hour ON replies_hourly (hour)`,
];

/** Transaction ids in a partition of the feed: two days of a hundred transactions a second. */
const XIDS = 2 ** 24;

const FUNCTIONS = [
  `CREATE FUNCTION uuid7_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
     SELECT to_timestamp(('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint / 1000.0) $$`,
  // By transaction id, so that a page of the feed is an ordered walk of one partition or two.
  `CREATE FUNCTION ensure_change_partitions() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
   DECLARE
     span constant bigint := ${XIDS};
     first bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint / span;
     last bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint / span + 2;
     name text;
     made boolean := false;
   BEGIN
     PERFORM pg_advisory_xact_lock(hashtext('spillway.partitions'));
     FOR n IN first..last LOOP
       name := 'post_changes_' || n;
       IF to_regclass('public.' || name) IS NULL THEN
         EXECUTE format('CREATE TABLE public.%I (LIKE public.post_changes INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
         EXECUTE format('ALTER TABLE public.post_changes ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
           name, n * span, (n + 1) * span);
         made := true;
       END IF;
     END LOOP;
     RETURN made;
   END $$`,
  // Attaching takes a weaker lock than CREATE TABLE … PARTITION OF, so writers and readers go on.
  `CREATE OR REPLACE FUNCTION ensure_partitions(at timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
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
     FOREACH parent IN ARRAY ARRAY['posts', 'post_tags', 'post_search'] LOOP
       IF to_regclass('public.' || parent || '_' || suffix) IS NULL THEN
         EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', parent || '_' || suffix, parent);
         EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
           parent, parent || '_' || suffix, uuid7_floor(first), uuid7_floor(next));
         made := true;
       END IF;
     END LOOP;
     RETURN ensure_change_partitions() OR made;
   END $$`,
  // Emptying a partition locks that one only; removing it would lock out every writer of the feed.
  `CREATE FUNCTION purge_changes(before timestamptz) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '500ms' AS $$
   DECLARE
     span constant bigint := ${XIDS};
     purged bigint := (SELECT xid::text::bigint FROM feed_cursors WHERE name = 'purged');
     done bigint := (SELECT min(xid)::text::bigint FROM feed_cursors WHERE name IN ('counts', 'search'));
     leaf text;
     newest timestamptz;
     emptied int := 0;
   BEGIN
     IF before > now() - interval '1 day' THEN
       RAISE EXCEPTION 'the feed is kept for a day at least' USING ERRCODE = '22023';
     END IF;
     FOR n IN purged / span .. done / span - 1 LOOP
       leaf := 'post_changes_' || n;
       IF to_regclass('public.' || leaf) IS NOT NULL THEN
         EXECUTE format('SELECT at FROM public.%I ORDER BY xid DESC LIMIT 1', leaf) INTO newest;
         EXIT WHEN newest >= before;
         EXECUTE format('TRUNCATE public.%I', leaf);
         emptied := emptied + 1;
       END IF;
       UPDATE feed_cursors SET xid = ((n + 1) * span)::text::xid8, at = clock_timestamp() WHERE name = 'purged';
     END LOOP;
     RETURN emptied;
   END $$`,
  // Under a policy Postgres would use no index for @@, which is not leakproof: so the policy is in here.
  `CREATE FUNCTION search_posts(query tsquery, low uuid, high uuid, at_most int) RETURNS SETOF uuid
     LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
   BEGIN
     RETURN QUERY EXECUTE
       'SELECT id FROM public.post_search WHERE tenant_id = $1 AND tsv @@ $2 AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5'
       USING nullif(current_setting('app.tenant', true), ''), query, low, high, least(at_most, 1000);
   END $$`,
  // In the languages the index was made with, so that readers need no setting of their own.
  `CREATE FUNCTION search_query(q text) RETURNS tsquery LANGUAGE plpgsql STABLE STRICT
     SET search_path = pg_catalog, public, pg_temp AS $$
   DECLARE
     language text;
     part tsquery;
     whole tsquery;
   BEGIN
     FOREACH language IN ARRAY (SELECT languages FROM feed_cursors WHERE name = 'search') LOOP
       part := websearch_to_tsquery(language::regconfig, q);
       whole := CASE WHEN whole IS NULL OR numnode(whole) = 0 THEN part WHEN numnode(part) = 0 THEN whole ELSE whole || part END;
     END LOOP;
     RETURN whole;
   END $$`,
  `REVOKE ALL ON FUNCTION ensure_change_partitions(), purge_changes(timestamptz), search_posts(tsquery, uuid, uuid, int) FROM PUBLIC`,
];

const DERIVED = 'post_search, stats_hourly, stats_totals, reply_counts, replies_hourly, tag_counts';

const POLICIES = ['post_changes', ...DERIVED.split(', ')].flatMap((table) => [
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY ${table}_of_tenant ON ${table} FOR SELECT TO reader
     USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')))`,
  `CREATE POLICY ${table}_written ON ${table} TO writer USING (true) WITH CHECK (true)`,
]);

const GRANTS = [
  `GRANT SELECT, INSERT, UPDATE ON post_changes TO writer`,
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ${DERIVED} TO writer`,
  `GRANT SELECT, UPDATE ON feed_cursors TO writer`,
  `GRANT SELECT, INSERT ON feed_timelines TO writer`,
  `GRANT EXECUTE ON FUNCTION ensure_change_partitions(), purge_changes(timestamptz) TO writer`,
  // Without the tags, which outlive a deletion there until the feed is purged.
  `GRANT SELECT (tenant_id, xid, post_id, created, edits, deleted, at) ON post_changes TO reader`,
  `GRANT SELECT ON ${DERIVED}, feed_cursors, feed_timelines TO reader`,
  `GRANT EXECUTE ON FUNCTION search_posts(tsquery, uuid, uuid, int) TO reader`,
];

const ROWS = [
  `INSERT INTO feed_cursors (name, xid, languages)
   SELECT name, pg_snapshot_xmin(pg_current_snapshot()), CASE name WHEN 'search' THEN ARRAY['simple'] END
   FROM unnest(ARRAY['counts', 'search', 'purged']) AS name`,
  `SELECT ensure_partitions((right(c.relname, 6) || '01')::date::timestamp AT TIME ZONE 'UTC')
   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'public.posts'::regclass`,
  'SELECT ensure_change_partitions()',
];
