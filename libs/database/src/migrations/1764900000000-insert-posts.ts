import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The statement that stores a batch of posts, as a function, so that its plan is kept: behind PgBouncer no
 * statement is prepared, and parsing and planning this one costs a millisecond of the primary for each batch.
 * The previous version goes on beside it with its own text of the statement.
 * Reverse: drop the function.
 */
export class InsertPosts1764900000000 implements MigrationInterface {
  readonly name = 'InsertPosts1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}

/**
 * One array a column. Sorted by key: two writers that meet the same rows take their locks in the same order.
 * Tags travel as JSON, since `unnest` would flatten an array of arrays. It has the rights of its caller.
 */
const STATEMENTS = [
  `CREATE FUNCTION insert_posts(
     tenants text[], ids uuid[], authors text[], channels text[], replies_to uuid[], contents text[],
     tags_of jsonb[], commands uuid[], traces text[]
   ) RETURNS TABLE (tenant_id text, id uuid) LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
   #variable_conflict use_column
   BEGIN
     RETURN QUERY
     WITH given AS (
       SELECT * FROM unnest(tenants, ids, authors, channels, replies_to, contents, tags_of, commands, traces)
         AS g(tenant_id, id, author_id, channel_id, reply_to, content, tags, command_id, trace_id)
       ORDER BY tenant_id COLLATE "C", id
     ), stored AS (
       INSERT INTO posts (tenant_id, id, author_id, channel_id, reply_to, content, content_version, tags, tags_version, command_id, trace_id)
       SELECT tenant_id, id, author_id, channel_id, reply_to, content, id,
              ARRAY(SELECT jsonb_array_elements_text(tags)), id, command_id, trace_id
       FROM given
       ON CONFLICT (tenant_id, id) DO NOTHING
       RETURNING tenant_id, id, reply_to, tags
     ), tagged AS (
       INSERT INTO post_tags (tenant_id, tag, post_id)
       SELECT s.tenant_id, t.tag, s.id FROM stored s CROSS JOIN LATERAL unnest(s.tags) AS t(tag)
       ORDER BY 1, 2, 3
       ON CONFLICT DO NOTHING
     ), told AS (
       INSERT INTO post_changes (tenant_id, post_id, created, reply_to, tags_added)
       SELECT tenant_id, id, true, reply_to, nullif(tags, '{}') FROM stored
     )
     SELECT stored.tenant_id::text, stored.id FROM stored;
   END $$`,
  `REVOKE ALL ON FUNCTION insert_posts(text[], uuid[], text[], text[], uuid[], text[], jsonb[], uuid[], text[]) FROM PUBLIC`,
  `GRANT EXECUTE ON FUNCTION insert_posts(text[], uuid[], text[], text[], uuid[], text[], jsonb[], uuid[], text[]) TO writer`,
];
