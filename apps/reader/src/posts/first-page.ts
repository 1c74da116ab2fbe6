import type { PageSpec } from '../pages/tenant-pages.js';
import type { ListPostsDto } from './list-posts.dto.js';

/** Sizes that clients are likely to share. */
const LIMITS: ReadonlySet<number> = new Set([10, 20, 50, 100]);
const FRESH_MS = 10_000;

/**
 * The page as it is cached: first pages of a tenant and of a channel, with every field. Null for all others:
 * an author's posts would be outdated by everybody's, and few ask twice for the rest.
 */
export function firstPage(query: ListPostsDto, limit: number): PageSpec | null {
  const { channelId, ...others } = query;
  const plain = Object.entries(others).every(([name, value]) => name === 'limit' || value === undefined);
  if (!plain || !LIMITS.has(limit)) return null;
  return {
    view: 'posts',
    params: [channelId ?? '', String(limit)],
    outdatedBy: channelId === undefined ? 'tenant' : { channel: channelId },
    freshMs: FRESH_MS,
  };
}
