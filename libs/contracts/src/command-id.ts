import { hash } from 'node:crypto';
import { uuidFromBytes } from './ids.js';
import type { CreatePost } from './command.js';

/**
 * Command id of a PUT: a UUIDv8 (RFC 9562 §5.8) from the SHA-256 of tenant, id, author and validated
 * body. Repeating the request is the same command; the same id with another body or author is another.
 */
export function putCommandId(tenantId: string, postId: string, post: CreatePost['post']): string {
  const canonical = JSON.stringify([
    tenantId,
    postId,
    post.authorId,
    post.content,
    post.channelId ?? null,
    post.replyTo ?? null,
    post.tags,
  ]);
  const bytes = Buffer.from(hash('sha256', canonical, 'hex').slice(0, 32), 'hex');
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return uuidFromBytes(bytes);
}
