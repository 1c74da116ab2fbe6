import { groupPosts, type BatchPost, type PreparedPost } from './group-posts.js';
import { sendBatch, type CreatedPost } from './send-batch.js';
import type { Transport } from './transport.js';

export interface CreatePostsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Requests at the same time; 4 when left out. At most this many batches of 1 MiB are held. */
  readonly concurrency?: number;
  /** How long a post of a slow source waits for others, in milliseconds; 20 when left out. */
  readonly lingerMs?: number;
}

const CONCURRENCY = 4;
const LINGER_MS = 20;

/**
 * Submits any number of posts in batches and yields one result for each, in their order. What is read from
 * the source is limited by what is under way. Stopping early ends the requests; what they carried may be
 * stored, and can be sent again under the same ids.
 * @throws the signal's reason, or what the source throws.
 */
export async function* createPosts(
  transport: Transport,
  posts: Iterable<BatchPost> | AsyncIterable<BatchPost>,
  { signal, concurrency = CONCURRENCY, lingerMs = LINGER_MS }: CreatePostsOptions,
): AsyncGenerator<CreatedPost, void, undefined> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const groups = groupPosts(posts, { lingerMs });
  const underWay: Promise<CreatedPost[]>[] = [];
  let pulling: Promise<IteratorResult<PreparedPost[], void>> | undefined;
  let exhausted = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (!exhausted && underWay.length < concurrency) pulling ??= watched(groups.next());
      const oldest = underWay[0];
      if (!pulling && !oldest) return;
      const came = await Promise.race([...(oldest ? [oldest] : []), ...(pulling ? [pulling] : [])]);
      if (Array.isArray(came)) {
        void underWay.shift();
        yield* came;
        continue;
      }
      pulling = undefined;
      if (came.done === true) exhausted = true;
      else underWay.push(watched(sendBatch(transport, came.value, either)));
    }
  } finally {
    stop.abort();
    // The source may be waiting for something that never comes; it is told, and not waited for.
    void watched(groups.return());
  }
}

/** A promise that may fail while nobody looks. Its failure is thrown to whoever awaits it. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
