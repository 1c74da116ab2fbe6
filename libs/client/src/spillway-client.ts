import {
  uuidV7,
  type Accepted,
  type Job,
  type Post,
  type PostInput,
  type PostPage,
} from '@spillway/contracts';
import { attempt, type Answer, type ApiRequest } from './attempt.js';
import { askedWaitMs, backoffMs, REQUEST_BACKOFF } from './backoff.js';
import { followJob, type FollowOptions, type LookAtJob } from './follow-job.js';
import { SpillwayError } from './spillway-error.js';
import { wait } from './wait.js';

export interface SpillwayClientOptions {
  /** Where the service is, for example `http://localhost:3000`. */
  readonly baseUrl: string;
  /** A bearer token, or what gives one: asked before every attempt, so it may be renewed. */
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: typeof globalThis.fetch;
  /** How long one attempt may take, until the last byte of its answer. */
  readonly requestTimeoutMs?: number;
  /**
   * No further attempt starts once this long has passed since the call began; 0 means one attempt.
   * A call therefore ends within `deadlineMs + requestTimeoutMs`.
   */
  readonly retry?: { readonly deadlineMs: number };
  /** Told of every attempt that failed, also of those that are repeated. */
  readonly onFailedAttempt?: (error: SpillwayError) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateOptions extends CallOptions {
  /** The id to use, when it was minted earlier: a UUIDv7. */
  readonly postId?: string;
}

export interface ReadOptions extends CallOptions {
  /** From a completed job: the answer then contains that commit. */
  readonly consistencyToken?: string | undefined;
}

/** Filters combine. */
export interface ListParams {
  readonly channelId?: string;
  readonly authorId?: string;
  /** 1 to 100. */
  readonly limit?: number;
  readonly cursor?: string;
}

export type AcceptedPost = Accepted & { readonly postId: string };

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const DEFAULT_RETRY_DEADLINE_MS = 30_000;

/**
 * Speaks to Spillway as docs/API.md describes it. Every method throws `SpillwayError` when it does not
 * succeed, or the reason of the signal it was given. Holds no state between calls.
 */
export class SpillwayClient {
  private readonly baseUrl: string;
  private readonly fetch: typeof globalThis.fetch;
  private readonly requestTimeoutMs: number;
  private readonly retryDeadlineMs: number;

  constructor(private readonly options: SpillwayClientOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.retryDeadlineMs = options.retry?.deadlineMs ?? DEFAULT_RETRY_DEADLINE_MS;
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
    const { body } = await this.call(call, options);
    return { ...(body as Accepted), postId: id };
  }

  /** The job as it is now. */
  async getJob(jobId: string, options: CallOptions = {}): Promise<Job> {
    return (await this.lookAtJob(jobId, options)).job;
  }

  /**
   * The job once it is `completed` or `failed`.
   * @throws SpillwayError `job_deadline` when it is neither after `deadlineMs`; it may still become so.
   */
  followJob(jobId: string, options: FollowOptions): Promise<Job> {
    const look: LookAtJob = (id, giveUpAt, signal) => this.lookAtJob(id, { signal }, giveUpAt);
    return followJob(look, jobId, options);
  }

  async getPost(id: string, options: ReadOptions = {}): Promise<Post> {
    const call = { method: 'GET', path: pathOf('posts', id), headers: consistency(options) } as const;
    const { body } = await this.call(call, options);
    return body as Post;
  }

  /** One page, newest first. */
  async listPosts(params: ListParams = {}, options: ReadOptions = {}): Promise<PostPage> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params))
      if (value !== undefined) query.set(name, String(value));
    const path = query.size > 0 ? `/v1/posts?${query.toString()}` : '/v1/posts';
    const { body } = await this.call({ method: 'GET', path, headers: consistency(options) }, options);
    return body as PostPage;
  }

  /** Every post that matches, newest first, page by page as they are asked for. */
  async *iteratePosts(
    params: ListParams = {},
    options: ReadOptions = {},
  ): AsyncGenerator<Post, void, undefined> {
    let cursor: string | null = params.cursor ?? null;
    do {
      const page: PostPage = await this.listPosts(cursor === null ? params : { ...params, cursor }, options);
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  private async lookAtJob(jobId: string, options: CallOptions, giveUpAt = Infinity): ReturnType<LookAtJob> {
    const request = { method: 'GET', path: pathOf('jobs', jobId) } as const;
    const { body, headers } = await this.call(request, options, giveUpAt);
    return { job: body as Job, headers };
  }

  /** Sends a request until it succeeds, must not be repeated, or its time is over. */
  private async call(call: Call, { signal }: CallOptions, giveUpAt = Infinity): Promise<Answer> {
    const lastStart = Math.min(Date.now() + this.retryDeadlineMs, giveUpAt);
    let mayHaveHappened = false;
    for (let tries = 0; ; tries++) {
      const request = await this.request(call);
      try {
        return await attempt(this.fetch, request, this.requestTimeoutMs, signal);
      } catch (error) {
        if (!(error instanceof SpillwayError)) throw error;
        this.options.onFailedAttempt?.(error);
        mayHaveHappened ||= error.outcomeUnknown;
        const asked = error.retryAfterMs;
        const pauseMs = asked === null ? backoffMs(tries, REQUEST_BACKOFF) : askedWaitMs(asked);
        const over = !error.retryable || Date.now() + pauseMs > lastStart;
        if (over) throw mayHaveHappened ? error.withUnknownOutcome() : error;
        await wait(pauseMs, signal);
      }
    }
  }

  private async request({ method, path, headers, body }: Call): Promise<ApiRequest> {
    const { token } = this.options;
    const bearer = typeof token === 'string' ? token : await token();
    const always = { accept: 'application/json', authorization: `Bearer ${bearer}`, ...headers };
    const url = this.baseUrl + path;
    if (body === undefined) return { method, url, headers: always };
    return { method, url, headers: { ...always, 'content-type': 'application/json' }, body };
  }
}

/** A request before it has an address and a token. */
interface Call {
  readonly method: ApiRequest['method'];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const pathOf = (collection: 'posts' | 'jobs', id: string): string =>
  `/v1/${collection}/${encodeURIComponent(id)}`;

const consistency = ({ consistencyToken }: ReadOptions): Record<string, string> =>
  consistencyToken === undefined ? {} : { 'consistency-token': consistencyToken };
