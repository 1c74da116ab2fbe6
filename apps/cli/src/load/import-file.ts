import type { Job } from '@spillway/contracts';
import {
  ConsistencyTokens,
  SpillwayError,
  type BatchPost,
  type CreatedPost,
  type SpillwayClient,
} from '@spillway/client';
import { JobFollower, type OutstandingJob } from './follow-jobs.js';
import type { Pace } from './pace.js';
import { isInvalid, postsOfFile } from './posts-of-file.js';
import type { Mishap, Tally } from './tally.js';

export interface ImportSettings {
  readonly file: string;
  /** Retries until the longest wait. */
  readonly sender: Pick<SpillwayClient, 'createPosts'>;
  /** Gives up on a look soon; the follower looks again. */
  readonly looker: Pick<SpillwayClient, 'getJob'>;
  readonly concurrency: number;
  readonly maxWaitMs: number;
  readonly pace: Pace;
  readonly tally: Tally;
  readonly tokens: ConsistencyTokens;
  readonly signal: AbortSignal;
  /** Told of every line that cannot be imported, as it is met. */
  readonly onInvalid?: (mishap: Mishap) => void;
}

/** Accepted jobs that are remembered; with more than that, sending waits for the commits. */
const MAX_OUTSTANDING = 5_000;
const FOLLOWERS = 32;
/** Of up to 500 posts each; more would only wait in the service. */
const BATCHES_AT_ONCE = 4;
/** A job that ended this long before it was accepted was ended by an earlier run; less may be clock skew. */
const EARLIER_RUN_MS = 1_000;

/** The service refuses all of it: the rest of the file would fare no better. */
const HOPELESS: ReadonlySet<string> = new Set([
  'unauthenticated',
  'token_revoked',
  'forbidden',
  'method_not_allowed',
]);

/**
 * Sends every line of a file and follows each job to its end; `tally` tells how far it is.
 * @throws the signal's reason when it is aborted, SpillwayError when the service refuses our token, the
 * file system's error when the file cannot be read.
 */
export async function importFile(settings: ImportSettings): Promise<void> {
  const { sender, looker, maxWaitMs, concurrency } = settings;
  // A stop from outside and a failure end sending and following alike.
  const stop = new AbortController();
  const signal = AbortSignal.any([settings.signal, stop.signal]);
  const follower = new JobFollower({
    client: looker,
    concurrency: FOLLOWERS,
    maxOutstanding: MAX_OUTSTANDING,
    maxWaitMs,
    signal,
    onEnd: (job, end) => record(settings, job, end),
  });
  const underWay = new Map<string, number>();
  const posts = postsToSend(settings, follower, underWay, signal);
  try {
    const created = sender.createPosts(posts, {
      concurrency: Math.min(concurrency, BATCHES_AT_ONCE),
      signal,
    });
    for await (const post of created) take(settings, follower, post, underWay);
    await follower.allEnded();
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}

/** The posts of the file, each once there is room for its job and it is its turn. Notes its line by its id. */
async function* postsToSend(
  settings: ImportSettings,
  follower: JobFollower,
  underWay: Map<string, number>,
  signal: AbortSignal,
): AsyncGenerator<BatchPost, void, undefined> {
  const { tally, pace } = settings;
  for await (const { line, endOffset, post } of postsOfFile(settings.file)) {
    signal.throwIfAborted();
    tally.bytesRead = endOffset;
    tally.lines++;
    if (isInvalid(post)) {
      reject(settings, line, post.invalid);
      continue;
    }
    await follower.room();
    await pace.turn(signal);
    tally.sent++;
    underWay.set(post.id, line);
    yield { id: post.id, ...post.body };
  }
}

function reject({ tally, onInvalid }: ImportSettings, line: number, detail: string): void {
  const mishap = { line, code: 'invalid_line', detail };
  tally.invalid.add(mishap);
  onInvalid?.(mishap);
}

/** @throws SpillwayError when all the others would fare no better. */
function take(
  { tally }: ImportSettings,
  follower: JobFollower,
  created: CreatedPost,
  underWay: Map<string, number>,
): void {
  const { postId } = created;
  const line = underWay.get(postId) ?? 0;
  underWay.delete(postId);
  if ('jobId' in created) {
    tally.accepted++;
    tally.outstanding++;
    follower.add({ jobId: created.jobId, postId, line });
    return;
  }
  follower.giveBack();
  const { error } = created;
  if (HOPELESS.has(error.code)) throw error;
  tally.failed.add({ line, postId, code: error.code, detail: error.detail });
}

function record({ tally, tokens }: ImportSettings, job: OutstandingJob, end: Job | SpillwayError): void {
  tally.outstanding--;
  const { line, postId } = job;
  if (end instanceof SpillwayError)
    return tally.failed.add({ line, postId, code: end.code, detail: end.detail });
  if (end.status === 'failed') {
    const { code, detail } = end.error ?? { code: 'unknown', detail: 'the job failed without a reason' };
    return tally.failed.add({ line, postId, code, detail });
  }
  tally.committed++;
  tokens.add(end.consistencyToken);
  const lagMs = end.completedAt === undefined ? NaN : Date.parse(end.completedAt) - Date.parse(end.createdAt);
  if (lagMs < -EARLIER_RUN_MS) tally.alreadyThere++;
  else if (!Number.isNaN(lagMs)) tally.lag.add(Math.max(0, lagMs));
}
