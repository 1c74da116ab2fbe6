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
  /** Replies counted by the leader of the writers; null until that count exists. */
  readonly replies: number | null;
}

/** A page of posts, newest first. */
export interface PostPage {
  readonly items: readonly Post[];
  readonly nextCursor: string | null;
}

/** The body of a create request, after validation. */
export interface PostInput {
  readonly content: string;
  readonly channelId?: string;
  readonly replyTo?: string;
  readonly tags?: readonly string[];
  /** Only with the role `importer`: the author of a message from elsewhere. */
  readonly authorId?: string;
}
