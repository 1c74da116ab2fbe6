import type { BatchAnswer, BatchResult, Problem } from '@spillway/contracts';
import type { PreparedPost } from './group-posts.js';
import { retryAfterMs } from './retry-after.js';
import { SpillwayError } from './spillway-error.js';
import { isRetryableStatus, mayHaveHappened, type Answer } from './attempt.js';
import { pauseAfter, type Transport } from './transport.js';
import { wait } from './wait.js';

/** What became of one post of a batch, after all repetitions. */
export type CreatedPost =
  | { readonly postId: string; readonly jobId: string }
  | { readonly postId: string; readonly error: SpillwayError };

/**
 * Sends a batch, and again what was refused for the moment or is unknown, until each post has been accepted,
 * must not be repeated, or the time is over. Every post has an id, so repeating never makes a second one.
 * @throws the signal's reason.
 */
export async function sendBatch(
  transport: Transport,
  posts: readonly PreparedPost[],
  signal: AbortSignal,
): Promise<CreatedPost[]> {
  const lastStart = Date.now() + transport.retryDeadlineMs;
  const created = new Map<PreparedPost, CreatedPost>();
  let waiting = posts;
  for (let tries = 0; ; tries++) {
    const { results, askedMs } = await sendOnce(transport, waiting, lastStart, signal);
    const again: PreparedPost[] = [];
    for (const [place, post] of waiting.entries()) {
      const became = createdOf(post, results[place], created.get(post), askedMs);
      created.set(post, became);
      if (!('error' in became)) continue;
      // A failure of the whole has been told of already.
      if (!(results[place] instanceof SpillwayError)) transport.report(became.error);
      if (became.error.retryable) again.push(post);
    }
    const pauseMs = pauseAfter(askedMs, tries);
    if (again.length === 0 || Date.now() + pauseMs > lastStart) break;
    await wait(pauseMs, signal);
    waiting = again;
  }
  return posts.map((post) => created.get(post) ?? { postId: post.postId, error: noResult() });
}

interface Sent {
  readonly results: readonly (BatchResult | SpillwayError | undefined)[];
  readonly askedMs: number | null;
}

async function sendOnce(
  transport: Transport,
  posts: readonly PreparedPost[],
  giveUpAt: number,
  signal: AbortSignal,
): Promise<Sent> {
  const body = `[${posts.map(({ json }) => json).join(',')}]`;
  try {
    const answer: Answer = await transport.call(
      { method: 'POST', path: '/v1/posts/batch', body },
      { signal, giveUpAt },
    );
    const askedMs = retryAfterMs(answer.headers.get('retry-after'), Date.now());
    return { results: (answer.body as BatchAnswer).results, askedMs };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    // The transport has repeated the whole as long as it may be.
    return { results: posts.map(() => error), askedMs: Infinity };
  }
}

function createdOf(
  { postId }: PreparedPost,
  result: BatchResult | SpillwayError | undefined,
  before: CreatedPost | undefined,
  askedMs: number | null,
): CreatedPost {
  if (result !== undefined && 'jobId' in result) return { postId, jobId: result.jobId };
  const error =
    result === undefined
      ? noResult()
      : result instanceof SpillwayError
        ? result
        : errorOf(result.error, askedMs);
  const unknown = before !== undefined && 'error' in before && before.error.outcomeUnknown;
  return { postId, error: unknown ? error.withUnknownOutcome() : error };
}

const errorOf = (problem: Problem, askedMs: number | null): SpillwayError =>
  SpillwayError.fromProblem(problem, {
    retryable: isRetryableStatus(problem.status),
    outcomeUnknown: mayHaveHappened(problem.status),
    ...(askedMs === null ? {} : { retryAfterMs: askedMs }),
  });

const noResult = (): SpillwayError =>
  new SpillwayError('malformed_answer', 'the answer to the batch has no result for this post', {
    problem: null,
    status: 202,
    retryable: false,
    outcomeUnknown: true,
  });
