import type {
  ChangePage,
  Page,
  Post,
  PostField,
  PostPage,
  SearchHit,
  SearchPage,
  Stats,
  TagCount,
  TagPage,
  TopPosts,
  TopWindow,
} from '@spillway/contracts';
import type { ConsistencyTokens } from './consistency-tokens.js';
import { followChanges, type FollowChangesOptions } from './follow-changes.js';
import type { ReadOptions } from './options.js';
import { queryOf, type QueryValue } from './query-of.js';
import type { Transport } from './transport.js';

export interface PageParams {
  readonly limit?: number;
  readonly cursor?: string;
}

/** Filters combine. */
export interface ListParams extends PageParams {
  readonly channelId?: string;
  readonly authorId?: string;
  readonly replyTo?: string;
  readonly tag?: string;
  /** Inclusive. */
  readonly since?: string | Date;
  /** Exclusive. */
  readonly until?: string | Date;
}

/** A list whose posts have some fields only. */
export type PartialListParams<Field extends PostField> = ListParams & { readonly fields: readonly Field[] };

/** Everything that only reads. Nothing here has an effect, so every call is repeated as the transport may. */
export class ReadClient {
  constructor(
    protected readonly transport: Transport,
    protected readonly tokens: ConsistencyTokens | undefined,
  ) {}

  async getPost(id: string, options: ReadOptions = {}): Promise<Post> {
    return this.get(`/v1/posts/${encodeURIComponent(id)}`, {}, options);
  }

  /** One page, newest first. It may be short, even empty: only a `nextCursor` of null is the end. */
  listPosts<Field extends PostField>(
    params: PartialListParams<Field>,
    options?: ReadOptions,
  ): Promise<Page<Pick<Post, Field>>>;
  listPosts(params?: ListParams, options?: ReadOptions): Promise<PostPage>;
  listPosts(params: ListParams = {}, options: ReadOptions = {}): Promise<Page<unknown>> {
    return this.get('/v1/posts', { ...params }, options);
  }

  /** Every post that matches, newest first, page by page as they are asked for. */
  iteratePosts<Field extends PostField>(
    params: PartialListParams<Field>,
    options?: ReadOptions,
  ): AsyncGenerator<Pick<Post, Field>, void, undefined>;
  iteratePosts(params?: ListParams, options?: ReadOptions): AsyncGenerator<Post, void, undefined>;
  iteratePosts(params: ListParams = {}, options: ReadOptions = {}): AsyncGenerator<unknown, void, undefined> {
    return everyItem(params, (page) => this.listPosts(page, options));
  }

  /** One page of the posts with these words, newest first; `q` as people type it into a search box. */
  searchPosts(q: string, params: PageParams = {}, options: ReadOptions = {}): Promise<SearchPage> {
    return this.get('/v1/search', { q, ...params }, options);
  }

  /** Every post with these words. */
  iterateSearch(
    q: string,
    params: PageParams = {},
    options: ReadOptions = {},
  ): AsyncGenerator<SearchHit, void, undefined> {
    return everyItem(params, (page) => this.searchPosts(q, page, options));
  }

  /** One page of the tags that begin so. */
  listTags(prefix = '', params: PageParams = {}, options: ReadOptions = {}): Promise<TagPage> {
    return this.get('/v1/tags', { prefix, ...params }, options);
  }

  /** Every tag that begins so. */
  iterateTags(
    prefix = '',
    params: PageParams = {},
    options: ReadOptions = {},
  ): AsyncGenerator<TagCount, void, undefined> {
    return everyItem(params, (page) => this.listTags(prefix, page, options));
  }

  /** The posts with the most replies. */
  topPosts(
    params: { readonly window?: TopWindow; readonly limit?: number } = {},
    options: ReadOptions = {},
  ): Promise<TopPosts> {
    return this.get('/v1/posts/top', { ...params }, options);
  }

  /** The tenant's counts, and those of some hours. */
  getStats(
    params: { readonly since?: string | Date; readonly until?: string | Date } = {},
    options: ReadOptions = {},
  ): Promise<Stats> {
    return this.get('/v1/stats', { ...params }, options);
  }

  /**
   * The changes behind a cursor, in the order of commits; `after: 'now'` gives the cursor of this moment. What
   * is read later with the `tokens` of this client contains all that the answer tells of.
   * @throws SpillwayError `cursor_expired` when they are no longer kept.
   */
  listChanges(
    params: { readonly after?: string; readonly limit?: number } = {},
    options: ReadOptions = {},
  ): Promise<ChangePage> {
    return this.get('/v1/changes', { ...params }, options);
  }

  /**
   * Pages of changes as they come, none of them empty. Keep a page's `cursor` when its changes are dealt with:
   * `after` that, nothing is missed and nothing comes again.
   */
  followChanges(options: FollowChangesOptions = {}): AsyncGenerator<ChangePage, void, undefined> {
    return followChanges((params) => this.listChanges(params, options), options);
  }

  private async get<Answer>(
    path: string,
    params: Readonly<Record<string, QueryValue>>,
    options: ReadOptions,
  ): Promise<Answer> {
    const token = options.consistencyToken ?? this.tokens?.newest();
    const headers: Record<string, string> = token === undefined ? {} : { 'consistency-token': token };
    const call = { method: 'GET', path: path + queryOf(params), headers } as const;
    const answer = await this.transport.call(call, options);
    this.tokens?.add(answer.headers.get('consistency-token') ?? undefined);
    return answer.body as Answer;
  }
}

/** The items of one page after the other, each page asked for when the one before is used up. */
async function* everyItem<Params extends PageParams, Item>(
  params: Params,
  ask: (params: Params) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | null = params.cursor ?? null;
  do {
    const page: Page<Item> = await ask(cursor === null ? params : { ...params, cursor });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
