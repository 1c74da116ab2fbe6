import { uuidV7Time, type Post } from '@spillway/contracts';
import type { PostEntity } from '@spillway/database/read';

/** A stored post as clients see it. The times of its creation and last edit are those of its ids. */
export function presentPost(row: PostEntity): Post {
  const version = row.contentVersion > row.tagsVersion ? row.contentVersion : row.tagsVersion;
  return {
    id: row.id,
    authorId: row.authorId,
    channelId: row.channelId,
    replyTo: row.replyTo,
    content: row.content,
    tags: row.tags,
    createdAt: new Date(uuidV7Time(row.id)).toISOString(),
    updatedAt: new Date(uuidV7Time(version)).toISOString(),
    replies: null,
  };
}
