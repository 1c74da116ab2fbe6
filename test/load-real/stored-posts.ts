import type pg from 'pg';

/** A row of the primary. The content is its SHA-256 as the database computes it over the UTF-8 bytes. */
export interface StoredPost {
  readonly id: string;
  readonly authorId: string;
  readonly channelId: string | null;
  readonly contentSha256: string;
  readonly tags: readonly string[];
  /** Rows of `post_tags`. */
  readonly tagRows: number;
}

export async function countPosts(primary: pg.Pool, tenant: string): Promise<number> {
  const { rows } = await primary.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM posts WHERE tenant_id = $1',
    [tenant],
  );
  return rows[0]?.count ?? 0;
}

/** Every post of a tenant, deleted ones included. */
export async function readStoredPosts(primary: pg.Pool, tenant: string): Promise<Map<string, StoredPost>> {
  const { rows } = await primary.query<StoredPost>(
    `SELECT id, author_id AS "authorId", channel_id AS "channelId", tags,
            encode(sha256(convert_to(content, 'UTF8')), 'hex') AS "contentSha256",
            (SELECT count(*)::int FROM post_tags t WHERE t.tenant_id = p.tenant_id AND t.post_id = p.id) AS "tagRows"
       FROM posts p WHERE tenant_id = $1`,
    [tenant],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Failures and dead letters of a tenant. */
export async function countFailures(primary: pg.Pool, tenant: string): Promise<number> {
  const { rows } = await primary.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM command_outcomes WHERE tenant_id = $1)::int
          + (SELECT count(*) FROM dead_letters WHERE tenant_id = $1)::int AS count`,
    [tenant],
  );
  return rows[0]?.count ?? 0;
}
