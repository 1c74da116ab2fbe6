/** A post as clients see it. Times are ISO 8601 UTC with milliseconds. */
export interface Post {
  readonly id: string;
  readonly authorId: string;
  readonly channelId: string | null;
  readonly replyTo: string | null;
  readonly content: string;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Replies that are not deleted, counted a moment behind the posts; null where they were not looked up. */
  readonly replies: number | null;
}

export type PostField = keyof Post;

const FIELDS: Record<PostField, true> = {
  id: true,
  authorId: true,
  channelId: true,
  replyTo: true,
  content: true,
  tags: true,
  createdAt: true,
  updatedAt: true,
  replies: true,
};
/** Every field of a post, in the order in which it is answered. */
export const POST_FIELDS = Object.keys(FIELDS) as readonly PostField[];

/**
 * A page of a list. It may hold fewer than were asked for, even none: only a `nextCursor` of null says that
 * there are no more.
 */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
export type PostPage = Page<Post>;
/** What is answered when `fields` names some of them. */
export type PartialPostPage = Page<Partial<Post>>;

/** The body of a create request, after validation. */
export interface PostInput {
  readonly content: string;
  readonly channelId?: string;
  readonly replyTo?: string;
  readonly tags?: readonly string[];
  /** Only with the role `importer`: the author of a message from elsewhere. */
  readonly authorId?: string;
}
