import type { CreatePost } from '@spillway/contracts';
import type { Scope } from '@spillway/database';

interface KeyRow {
  readonly tenant_id: string;
  readonly id: string;
}

export const postKey = (tenantId: string, postId: string): string => `${tenantId} ${postId}`;

/** One array a column, so that the number of parameters never changes. A function of the schema, whose plan is kept. */
const INSERT_POSTS = `
  SELECT tenant_id, id FROM insert_posts(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[], $8::uuid[], $9::text[])`;

/**
 * The bounds let the planner skip partitions, which a list of ids alone does not. One look-up a post, whatever it
 * believes: it expects next to no post as new as these, and would compare each with each.
 */
const FIND_COMMAND_IDS = `
  SELECT p.tenant_id, p.id, p.command_id
  FROM unnest($1::text[], $2::uuid[]) AS g(tenant_id, id)
  CROSS JOIN LATERAL (
    SELECT * FROM posts WHERE tenant_id = g.tenant_id AND id = g.id AND id BETWEEN $3::uuid AND $4::uuid OFFSET 0
  ) AS p`;

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
