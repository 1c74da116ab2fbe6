import { hash } from 'node:crypto';
import { uuidV7Time } from './ids.js';
import type { Post } from './post.js';

/** A post as it is stored: its fields, and the command that last wrote each of those that can be edited. */
export interface StoredPost extends Pick<
  Post,
  'id' | 'authorId' | 'channelId' | 'replyTo' | 'content' | 'tags'
> {
  readonly contentVersion: string;
  readonly tagsVersion: string;
  /** Left out where it was not looked up. */
  readonly replies?: number;
}

const HASH_CHARACTERS = 16;

/** The version that `If-Match` is compared with: the newest of the fields'. */
const versionOf = ({ contentVersion, tagsVersion }: StoredPost): string =>
  contentVersion > tagsVersion ? contentVersion : tagsVersion;

/** A stored post as clients see it. The times of its creation and last edit are those of its ids. */
export function presentPost(stored: StoredPost): Post {
  return {
    id: stored.id,
    authorId: stored.authorId,
    channelId: stored.channelId,
    replyTo: stored.replyTo,
    content: stored.content,
    tags: stored.tags,
    createdAt: new Date(uuidV7Time(stored.id)).toISOString(),
    updatedAt: new Date(uuidV7Time(versionOf(stored))).toISOString(),
    replies: stored.replies ?? null,
  };
}

/**
 * The strong ETag (RFC 9110 §8.8.3) of a post as it is presented: `"version.hash"`. The version is what
 * conditional edits compare; the hash tells apart representations of one version.
 */
export const etagOf = (stored: StoredPost, presented: Post): string =>
  `"${versionOf(stored)}.${hash('sha256', JSON.stringify(presented), 'base64url').slice(0, HASH_CHARACTERS)}"`;
