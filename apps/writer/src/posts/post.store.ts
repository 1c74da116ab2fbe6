import type { CreatePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';

interface KeyRow {
  readonly tenant_id: string;
  readonly id: string;
}

export const postKey = (tenantId: string, postId: string): string => `${tenantId} ${postId}`;

/**
 * One array a column, so that the statement's text and its number of parameters never change. Sorted by
 * key: two writers that meet the same rows take their locks in the same order. Tags travel as JSON,
 * since `unnest` would flatten an array of arrays.
 */
const INSERT_POSTS = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[], $8::uuid[], $9::text[])
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
  SELECT tenant_id, id FROM stored`;

/** The bounds let the planner skip partitions, which a list of ids alone does not. */
const FIND_COMMAND_IDS = `
  SELECT p.tenant_id, p.id, p.command_id
  FROM unnest($1::text[], $2::uuid[]) AS g(tenant_id, id)
  JOIN posts p ON p.tenant_id = g.tenant_id AND p.id = g.id
  WHERE p.id BETWEEN $3::uuid AND $4::uuid`;

/** Inserts the posts that are not there yet, each key at most once, and returns the keys it stored. */
export async function insertPosts(
  scope: Scope,
  commands: readonly CreatePost[],
): Promise<ReadonlySet<string>> {
  if (commands.length === 0) return new Set();
  const rows = await scope.query<KeyRow>(INSERT_POSTS, [
    commands.map((c) => c.tenantId),
    commands.map((c) => c.postId),
    commands.map((c) => c.post.authorId),
    commands.map((c) => c.post.channelId ?? null),
    commands.map((c) => c.post.replyTo ?? null),
    commands.map((c) => c.post.content),
    commands.map((c) => JSON.stringify([...new Set(c.post.tags)])),
    commands.map((c) => c.commandId),
    commands.map((c) => traceIdOf(c.traceparent)),
  ]);
  return new Set(rows.map((row) => postKey(row.tenant_id, row.id)));
}

/**
 * Which command created each of these posts. A statement of its own, so that its snapshot sees what
 * concurrent writers committed while the insert waited for them.
 */
export async function findCommandIds(
  scope: Scope,
  commands: readonly CreatePost[],
): Promise<ReadonlyMap<string, string>> {
  if (commands.length === 0) return new Map();
  const ids = commands.map((c) => c.postId).sort();
  const rows = await scope.query<KeyRow & { readonly command_id: string }>(FIND_COMMAND_IDS, [
    commands.map((c) => c.tenantId),
    commands.map((c) => c.postId),
    ids[0],
    ids.at(-1),
  ]);
  return new Map(rows.map((row) => [postKey(row.tenant_id, row.id), row.command_id]));
}

const traceIdOf = (traceparent: string | undefined): string | null => traceparent?.split('-')[1] ?? null;
