import type { PostField } from '@spillway/contracts';
import type { StoredPost } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { chooseIndex } from './choose-index.js';
import { indexedIn, type IdRange, type Indexed, type PostFilter } from './post-filter.js';
import { scanIndex } from './scan-index.js';
import { selectAlong, selectByIds } from './select-posts.js';
import { windowsOf } from './windows.js';

export interface PostQuery {
  readonly filter: PostFilter;
  /** Only posts with an id below this. */
  readonly before?: string | undefined;
  readonly limit: number;
  /** The fields that will be looked at, all when left out. */
  readonly fields?: ReadonlySet<PostField> | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface FoundPosts {
  /** Newest first. */
  readonly posts: readonly StoredPost[];
  /** Where to go on below; null when there is nothing more. */
  readonly next: string | null;
}

const FIRST_ENTRIES = 200;
const ENTRIES = 1_000;
/** Index entries that one page may cost when filters are combined that rarely meet. */
const ENTRIES_PER_PAGE = 5_000;

/**
 * The newest posts that fulfil a filter. The newest weeks are asked first, and only the last, widest
 * statement may touch all partitions. When filters combine, a page ends after a bounded number of index
 * entries, with fewer posts than asked for, even none, and says where to go on.
 */
export async function findPosts(scope: ReadScope, query: PostQuery): Promise<FoundPosts> {
  const { limit } = query;
  const posts: StoredPost[] = [];
  let budget = ENTRIES_PER_PAGE;
  let along: Indexed | undefined;
  for (const [n, range] of windowsOf(query.filter, query.before, query.now).entries()) {
    if (n === 0) along = await chooseIndex(scope, query.filter, range);
    let high: string | undefined = range.high;
    while (high !== undefined) {
      const entries = budget === ENTRIES_PER_PAGE ? FIRST_ENTRIES : ENTRIES;
      const step = await look(scope, query, {
        along,
        range: { low: range.low, high },
        limit: limit + 1 - posts.length,
        entries,
      });
      posts.push(...step.posts);
      if (posts.length > limit) return { posts: posts.slice(0, limit), next: posts[limit - 1]?.id ?? null };
      high = step.reached;
      budget -= entries;
      if (high !== undefined && budget <= 0) return { posts, next: high };
    }
  }
  return { posts, next: null };
}

interface Step {
  readonly along: Indexed | undefined;
  readonly range: IdRange;
  readonly limit: number;
  readonly entries: number;
}

/** One step down: what it found, and how far it looked when that was not the whole range. */
async function look(
  scope: ReadScope,
  { filter, fields }: PostQuery,
  { along, range, limit, entries }: Step,
): Promise<{ readonly posts: readonly StoredPost[]; readonly reached: string | undefined }> {
  const selection = { filter, limit, fields };
  const rest = indexedIn(filter).filter((name) => name !== along);
  if (along === undefined || (along !== 'tag' && rest.length === 0))
    return { posts: await selectAlong(scope, along, range, selection), reached: undefined };
  const scan = await scanIndex(scope, {
    filter,
    range,
    along,
    rest,
    entries: rest.length === 0 ? limit : entries,
  });
  // Held against all of them once more: a post may have been edited since its entry was read.
  const posts = await selectByIds(scope, scan.ids, indexedIn(filter), selection);
  return { posts, reached: scan.reached };
}
