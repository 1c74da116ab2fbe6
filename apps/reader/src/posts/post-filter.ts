/** Which posts of a tenant are asked for. Filters combine. */
export interface PostFilter {
  readonly tenant: string;
  readonly channelId?: string | undefined;
  readonly authorId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Folded to lower case, as tags are stored. */
  readonly tag?: string | undefined;
  /** Unix milliseconds of the ids, inclusive. */
  readonly sinceMs?: number | undefined;
  /** Unix milliseconds of the ids, exclusive. */
  readonly untilMs?: number | undefined;
}

/** The filters that have an index of their own, whose last column is the post's id. */
export const INDEXED = ['replyTo', 'authorId', 'channelId', 'tag'] as const;
export type Indexed = (typeof INDEXED)[number];

/** The filters with an index that are in use. */
export const indexedIn = (filter: PostFilter): readonly Indexed[] =>
  INDEXED.filter((name) => filter[name] !== undefined);

/** Ids from `low` up to and without `high`. Both are always given, so that the planner can leave out partitions. */
export interface IdRange {
  readonly low: string;
  readonly high: string;
}

/** The parameters of a statement, numbered as they are added. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

const COLUMN = { replyTo: 'reply_to', authorId: 'author_id', channelId: 'channel_id' } as const;

/** What a row of `posts` must fulfil for a filter. */
export function condition(filter: PostFilter, name: Indexed, parameters: Parameters): string {
  const value = parameters.add(filter[name]);
  return name === 'tag' ? `${value} = ANY(tags)` : `${COLUMN[name]} = ${value}`;
}
