import type { Page, Post } from './post.js';

/** The windows of `GET /v1/posts/top`. */
export const TOP_WINDOWS = ['1h', '6h', '24h', '7d', '30d', 'all'] as const;
export type TopWindow = (typeof TOP_WINDOWS)[number];

export interface TopPost {
  readonly post: Post;
  /** Replies made in the window that are not deleted. */
  readonly replies: number;
}

/** The answer of `GET /v1/posts/top`: most replied first. */
export interface TopPosts {
  readonly window: TopWindow;
  readonly items: readonly TopPost[];
}

/** A piece of a post's content, as plain text. */
export interface SnippetPart {
  readonly text: string;
  /** True where it is what was searched for. */
  readonly match: boolean;
}

export interface SearchHit {
  readonly post: Post;
  readonly snippet: readonly SnippetPart[];
}
export type SearchPage = Page<SearchHit>;

export interface TagCount {
  readonly tag: string;
  readonly posts: number;
}
export type TagPage = Page<TagCount>;

interface Counts {
  readonly created: number;
  /** Edits that changed a post. */
  readonly edited: number;
  readonly deleted: number;
}

/** Counts of the posts that were made in one hour, whenever they were edited or deleted. */
export interface HourStats extends Counts {
  readonly hour: string;
}

/** The answer of `GET /v1/stats`: exact to the change that `upTo` stands at. */
export interface Stats extends Counts {
  /** Posts that there are: created and not deleted. */
  readonly posts: number;
  /** A cursor of `GET /v1/changes`: everything before it is counted, nothing after it. */
  readonly upTo: string;
  /** When that place was reached; it rests while nothing is written. */
  readonly at: string;
  readonly hours: readonly HourStats[];
}

/** What one transaction did to one post. */
export interface Change {
  /** The last of what it did: a post that it created and deleted was deleted. */
  readonly type: 'created' | 'edited' | 'deleted';
  readonly postId: string;
  readonly at: string;
  /** The post as it is now, which may be later than the change; null when it is deleted. */
  readonly post: Post | null;
}

/** The answer of `GET /v1/changes`, in the order of commits. */
export interface ChangePage {
  readonly items: readonly Change[];
  /** Where to go on, also when there was nothing. */
  readonly cursor: string;
  /** True when there is more already. */
  readonly more: boolean;
}
