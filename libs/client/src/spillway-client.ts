import { uuidV7, type Accepted, type Job, type JobTimeline, type PostInput } from '@spillway/contracts';
import type { ConsistencyTokens } from './consistency-tokens.js';
import { createPosts, type CreatePostsOptions } from './create-posts.js';
import { followJob, type FollowOptions, type LookAtJob } from './follow-job.js';
import type { BatchPost } from './group-posts.js';
import type { CallOptions } from './options.js';
import { ReadClient } from './read-client.js';
import type { CreatedPost } from './send-batch.js';
import { Transport, type Call, type TransportOptions } from './transport.js';

export interface SpillwayClientOptions extends TransportOptions {
  /** Learns the token of every job that is seen completed; reads that name no token of their own send its newest. */
  readonly tokens?: ConsistencyTokens;
}

export interface CreateOptions extends CallOptions {
  /** The id to use, when it was minted earlier: a UUIDv7. */
  readonly postId?: string;
}

export interface ChangeOptions extends CallOptions {
  /** The post's ETag: the change is made only while nobody has changed the post since. */
  readonly ifMatch?: string;
}

/** The new value of each field that changes; at least one. */
export interface PostEdit {
  readonly content?: string;
  readonly tags?: readonly string[];
}

export type AcceptedPost = Accepted & { readonly postId: string };

/**
 * Speaks to Spillway as docs/API.md describes it. Every method throws `SpillwayError` when it does not
 * succeed, or the reason of the signal it was given. Holds no state between calls but the `tokens` it was given.
 */
export class SpillwayClient extends ReadClient {
  constructor(options: SpillwayClientOptions) {
    super(new Transport(options), options.tokens);
  }

  /**
   * Submits a post under an id that is minted before the request leaves, so that the retries in here never
   * make a second post. Whoever wants to repeat the whole call after an error passes a `postId` of their own.
   */
  createPost(input: PostInput, options: CreateOptions = {}): Promise<AcceptedPost> {
    return this.putPost(options.postId ?? uuidV7(), input, options);
  }

  /** Submits a post under `id`. The same id with another body or author ends as a failed job, `id_taken`. */
  async putPost(id: string, input: PostInput, options: CallOptions = {}): Promise<AcceptedPost> {
    const call = { method: 'PUT', path: pathOf('posts', id), body: JSON.stringify(input) } as const;
    const { body } = await this.transport.call(call, options);
    return { ...(body as Accepted), postId: id };
  }

  /**
   * Submits any number of posts in batches and yields one result for each, in their order: a job, or the
   * error after all retries. Ids are minted before anything is sent; whoever wants to repeat the whole later
   * gives the posts ids of their own.
   */
  createPosts(
    posts: Iterable<BatchPost> | AsyncIterable<BatchPost>,
    options: CreatePostsOptions = {},
  ): AsyncGenerator<CreatedPost, void, undefined> {
    return createPosts(this.transport, posts, options);
  }

  /**
   * Changes a post. Not repeated once it may have been taken: a second edit would undo what others wrote in
   * between. An error with `outcomeUnknown` says so.
   */
  async editPost(id: string, edit: PostEdit, options: ChangeOptions = {}): Promise<Accepted> {
    return this.change({ method: 'PATCH', path: pathOf('posts', id), body: JSON.stringify(edit) }, options);
  }

  /** Deletes a post, for good. Repeated like an edit: only when it certainly was not taken. */
  async deletePost(id: string, options: ChangeOptions = {}): Promise<Accepted> {
    return this.change({ method: 'DELETE', path: pathOf('posts', id) }, options);
  }

  /** The job as it is now. */
  async getJob(jobId: string, { signal }: CallOptions = {}): Promise<Job> {
    return (await this.look({ jobId, giveUpAt: Infinity, waitSeconds: 0, signal })).job;
  }

  /** The life of a job from what is stored; needs the role `operator`. */
  async getJobTimeline(jobId: string, { signal }: CallOptions = {}): Promise<JobTimeline> {
    const path = `${pathOf('jobs', jobId)}/timeline`;
    return (await this.transport.call({ method: 'GET', path }, { signal })).body as JobTimeline;
  }

  /**
   * The job once it is `completed` or `failed`.
   * @throws SpillwayError `job_deadline` when it is neither after `deadlineMs`; it may still become so.
   */
  async followJob(jobId: string, options: FollowOptions): Promise<Job> {
    const open = (id: string, lastEventId: string, signal: AbortSignal): Promise<Response> => {
      const headers = {
        accept: 'text/event-stream',
        ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
      };
      return this.transport.open({ method: 'GET', path: `${pathOf('jobs', id)}/events`, headers }, signal);
    };
    const job = await followJob({ look: this.look, open }, jobId, options);
    this.tokens?.add(job.consistencyToken);
    return job;
  }

  private readonly look: LookAtJob = async ({ jobId, giveUpAt, waitSeconds, signal }) => {
    const headers: Record<string, string> = waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {};
    const answer = await this.transport.call(
      { method: 'GET', path: pathOf('jobs', jobId), headers },
      { signal, giveUpAt, extraMs: waitSeconds * 1_000 },
    );
    const job = answer.body as Job;
    this.tokens?.add(job.consistencyToken);
    return { job, headers: answer.headers };
  };

  private async change(call: Call, { ifMatch, signal }: ChangeOptions): Promise<Accepted> {
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    const { body } = await this.transport.call({ ...call, headers, onceOnly: true }, { signal });
    return body as Accepted;
  }
}

const pathOf = (collection: 'posts' | 'jobs', id: string): string =>
  `/v1/${collection}/${encodeURIComponent(id)}`;
