import type { Job } from '@spillway/contracts';
import { ConsistencyTokens, SpillwayError, type SpillwayClient } from '@spillway/client';
import { JobFollower, type OutstandingJob } from './follow-jobs.js';
import type { ImportPost } from './import-line.js';
import type { Pace } from './pace.js';
import { isInvalid, postsOfFile } from './posts-of-file.js';
import type { Mishap, Tally } from './tally.js';

export interface ImportSettings {
  readonly file: string;
  /** Retries until the longest wait. */
  readonly sender: Pick<SpillwayClient, 'putPost'>;
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
/** A job that ended this long before it was accepted was ended by an earlier run; less may be clock skew. */
const EARLIER_RUN_MS = 1_000;

/** The service refuses all of it: the rest of the file would fare no better. */
const HOPELESS: ReadonlySet<string> = new Set(['unauthenticated', 'forbidden', 'method_not_allowed']);

/**
 * Sends every line of a file and follows each job to its end; `tally` tells how far it is.
 * @throws the signal's reason when it is aborted, SpillwayError when the service refuses our token, the
 * file system's error when the file cannot be read.
 */
export async function importFile(settings: ImportSettings): Promise<void> {
  const { looker, maxWaitMs, concurrency, tally } = settings;
  // A stop from outside and a failure of one sender end all of them.
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
  const lines = postsOfFile(settings.file);
  const sendAll = async (): Promise<void> => {
    for await (const { line, endOffset, post } of lines) {
      signal.throwIfAborted();
      tally.bytesRead = endOffset;
      tally.lines++;
      if (isInvalid(post)) reject(settings, line, post.invalid);
      else await send(settings, follower, line, post, signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, sendAll));
    await follower.allEnded();
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await lines.return();
  }
}

function reject({ tally, onInvalid }: ImportSettings, line: number, detail: string): void {
  const mishap = { line, code: 'invalid_line', detail };
  tally.invalid.add(mishap);
  onInvalid?.(mishap);
}

async function send(
  { sender, pace, tally }: ImportSettings,
  follower: JobFollower,
  line: number,
  { id, body }: ImportPost,
  signal: AbortSignal,
): Promise<void> {
  await follower.room();
  try {
    await pace.turn(signal);
    tally.sent++;
    const { jobId } = await sender.putPost(id, body, { signal });
    tally.accepted++;
    tally.outstanding++;
    follower.add({ jobId, postId: id, line });
  } catch (error) {
    follower.giveBack();
    if (!(error instanceof SpillwayError) || HOPELESS.has(error.code)) throw error;
    tally.failed.add({ line, postId: id, code: error.code, detail: error.detail });
  }
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
