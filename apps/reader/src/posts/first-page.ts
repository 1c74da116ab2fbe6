import { isCachedSize } from '../pages/cached-sizes.js';
import type { PageSpec } from '../pages/tenant-pages.js';
import type { ListPostsDto } from './list-posts.dto.js';

const FRESH_MS = 10_000;

/**
 * The page as it is cached: first pages of a tenant and of a channel, with every field. Null for all others:
 * an author's posts would be outdated by everybody's, and few ask twice for the rest.
 */
export function firstPage(query: ListPostsDto, limit: number): PageSpec | null {
  const { channelId, ...others } = query;
  const plain = Object.entries(others).every(([name, value]) => name === 'limit' || value === undefined);
  if (!plain || !isCachedSize(limit)) return null;
  return {
    view: 'posts',
    params: [channelId ?? '', String(limit)],
    outdatedBy: channelId === undefined ? 'tenant' : { channel: channelId },
    freshMs: FRESH_MS,
  };
}
