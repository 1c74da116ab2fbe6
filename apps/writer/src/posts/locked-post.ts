import type { Actor } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import { postKey } from './post.store.js';

/** A post as it stands under lock, and as the commands of a batch change it. */
export interface LockedPost {
  readonly tenantId: string;
  readonly id: string;
  readonly authorId: string;
  readonly replyTo: string | null;
  /** The tags as the row has them. */
  readonly storedTags: readonly string[];
  content: string;
  contentVersion: string;
  tags: readonly string[];
  tagsVersion: string;
  deletedBy: string | null;
  /** How many commands edited it. */
  edits: number;
  changed: boolean;
}

interface Row {
  readonly tenant_id: string;
  readonly id: string;
  readonly author_id: string;
  readonly reply_to: string | null;
  readonly content: string;
  readonly content_version: string;
  readonly tags: string[];
  readonly tags_version: string;
  readonly deleted_by: string | null;
}

/** In key order, one look-up a post: see `FIND_COMMAND_IDS`. */
const LOCK_POSTS = `
  SELECT p.tenant_id, p.id, p.author_id, p.reply_to, p.content, p.content_version, p.tags, p.tags_version, p.deleted_by
  FROM (
    SELECT * FROM unnest($1::text[], $2::uuid[]) AS u(tenant_id, id) ORDER BY tenant_id COLLATE "C", id
  ) AS g
  CROSS JOIN LATERAL (
    SELECT * FROM posts WHERE tenant_id = g.tenant_id AND id = g.id AND id BETWEEN $3::uuid AND $4::uuid FOR UPDATE
  ) AS p`;

/** Locks the posts that commands are about, in key order, and returns those that are there by their key. */
export async function lockPosts(
  scope: Scope,
  commands: readonly { readonly tenantId: string; readonly postId: string }[],
): Promise<ReadonlyMap<string, LockedPost>> {
  const wanted = new Map(commands.map((c) => [postKey(c.tenantId, c.postId), c]));
  const list = [...wanted.values()];
  const ids = list.map((c) => c.postId).sort();
  const rows = await scope.query<Row>(LOCK_POSTS, [
    list.map((c) => c.tenantId),
    list.map((c) => c.postId),
    ids[0],
    ids.at(-1),
  ]);
  return new Map(
    rows.map((row) => [
      postKey(row.tenant_id, row.id),
      {
        tenantId: row.tenant_id,
        id: row.id,
        authorId: row.author_id,
        replyTo: row.reply_to,
        storedTags: row.tags,
        content: row.content,
        contentVersion: row.content_version,
        tags: row.tags,
        tagsVersion: row.tags_version,
        deletedBy: row.deleted_by,
        edits: 0,
        changed: false,
      },
    ]),
  );
}

/** The version that `If-Match` is compared with: the newest of the fields'. */
export const versionOf = (post: LockedPost): string =>
  post.contentVersion > post.tagsVersion ? post.contentVersion : post.tagsVersion;

export const mayChange = (actor: Actor, post: LockedPost): boolean =>
  actor.moderator || actor.sub === post.authorId;

/** With the rows of the change feed: one a post and transaction, whatever several statements did to it. */
const UPDATE_POSTS = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::jsonb[], $6::uuid[], $7::uuid[], $10::int[], $11::uuid[], $12::jsonb[])
      AS g(tenant_id, id, content, content_version, tags, tags_version, deleted_by, edits, reply_to, stored_tags)
  ), changed AS (
    UPDATE posts p
    SET content = g.content, content_version = g.content_version, tags = ARRAY(SELECT jsonb_array_elements_text(g.tags)),
        tags_version = g.tags_version, deleted_by = g.deleted_by
    FROM given g
    WHERE p.tenant_id = g.tenant_id AND p.id = g.id AND p.id BETWEEN $8::uuid AND $9::uuid
  )
  INSERT INTO post_changes AS c (tenant_id, post_id, edits, deleted, reply_to, tags_added, tags_removed)
  SELECT tenant_id, id, edits, deleted_by IS NOT NULL, CASE WHEN deleted_by IS NOT NULL THEN reply_to END,
         nullif(ARRAY(SELECT jsonb_array_elements_text(tags) EXCEPT SELECT jsonb_array_elements_text(stored_tags)), '{}'),
         nullif(ARRAY(SELECT jsonb_array_elements_text(stored_tags) EXCEPT SELECT jsonb_array_elements_text(tags)), '{}')
  FROM given
  ON CONFLICT (tenant_id, xid, post_id) DO UPDATE
    SET edits = c.edits + excluded.edits, deleted = c.deleted OR excluded.deleted,
        reply_to = coalesce(c.reply_to, excluded.reply_to),
        tags_added = c.tags_added || excluded.tags_added, tags_removed = c.tags_removed || excluded.tags_removed`;

const CLEAR_TAGS = `
  DELETE FROM post_tags t USING unnest($1::text[], $2::uuid[]) AS g(tenant_id, id)
  WHERE t.tenant_id = g.tenant_id AND t.post_id = g.id AND t.post_id BETWEEN $3::uuid AND $4::uuid`;

const WRITE_TAGS = `
  INSERT INTO post_tags (tenant_id, tag, post_id)
  SELECT g.tenant_id, t.tag, g.id
  FROM unnest($1::text[], $2::uuid[], $3::jsonb[]) AS g(tenant_id, id, tags)
  CROSS JOIN LATERAL jsonb_array_elements_text(g.tags) AS t(tag)
  ORDER BY 1, 2, 3
  ON CONFLICT DO NOTHING`;

/** Stores what changed, one row a post, tags included. */
export async function storeChanges(scope: Scope, posts: Iterable<LockedPost>): Promise<void> {
  const changed = [...posts].filter((post) => post.changed);
  if (changed.length === 0) return;
  const tenants = changed.map((post) => post.tenantId);
  const ids = changed.map((post) => post.id);
  const tags = changed.map((post) => JSON.stringify(post.tags));
  const bounds = [...ids].sort();
  const [low, high] = [bounds[0], bounds.at(-1)];
  await scope.query(UPDATE_POSTS, [
    tenants,
    ids,
    changed.map((post) => post.content),
    changed.map((post) => post.contentVersion),
    tags,
    changed.map((post) => post.tagsVersion),
    changed.map((post) => post.deletedBy),
    low,
    high,
    changed.map((post) => post.edits),
    changed.map((post) => post.replyTo),
    changed.map((post) => JSON.stringify(post.storedTags)),
  ]);
  await scope.query(CLEAR_TAGS, [tenants, ids, low, high]);
  await scope.query(WRITE_TAGS, [tenants, ids, tags]);
}
