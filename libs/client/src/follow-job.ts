import type { Job } from '@spillway/contracts';
import { backoffMs, JOB_BACKOFF } from './backoff.js';
import { retryAfterMs } from './retry-after.js';
import { SpillwayError } from './spillway-error.js';
import { wait } from './wait.js';

export interface FollowOptions {
  /** How long to wait for the end of the job, from now. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One look at a job, with the headers of its answer, retried until `giveUpAt` (Unix ms) at most. */
export type LookAtJob = (
  jobId: string,
  giveUpAt: number,
  signal?: AbortSignal,
) => Promise<{ readonly job: Job; readonly headers: Headers }>;

/**
 * Looks at a job until it has ended. The first looks come quickly, since most commits take some tens of
 * milliseconds; the pauses then grow to what the answer's Retry-After says (1 s without one) and stay there.
 * A look that fails but may be repeated counts as "still processing".
 * @throws SpillwayError `job_deadline`, retryable, when the deadline passes first.
 */
export async function followJob(look: LookAtJob, jobId: string, options: FollowOptions): Promise<Job> {
  const { deadlineMs, signal } = options;
  const giveUpAt = Date.now() + deadlineMs;
  for (let looks = 0; ; looks++) {
    const seen = await lookOnce(look, jobId, giveUpAt, signal);
    if (!(seen instanceof SpillwayError) && seen.job.status !== 'processing') return seen.job;
    const pauseMs = backoffMs(looks, { firstMs: JOB_BACKOFF.firstMs, maxMs: longestPauseMs(seen) });
    if (Date.now() + pauseMs > giveUpAt) throw deadlinePassed(deadlineMs, seen);
    await wait(pauseMs, signal);
  }
}

type Seen = Awaited<ReturnType<LookAtJob>> | SpillwayError;

async function lookOnce(
  look: LookAtJob,
  jobId: string,
  giveUpAt: number,
  signal?: AbortSignal,
): Promise<Seen> {
  try {
    return await look(jobId, giveUpAt, signal);
  } catch (error) {
    if (error instanceof SpillwayError && error.retryable) return error;
    throw error;
  }
}

function longestPauseMs(seen: Seen): number {
  if (seen instanceof SpillwayError) return JOB_BACKOFF.maxMs;
  const asked = retryAfterMs(seen.headers.get('retry-after'), Date.now());
  return Math.max(JOB_BACKOFF.firstMs, asked ?? JOB_BACKOFF.maxMs);
}

function deadlinePassed(deadlineMs: number, seen: Seen): SpillwayError {
  const failed = seen instanceof SpillwayError;
  const why = failed ? ` (${seen.message})` : seen.job.reason === undefined ? '' : ` (${seen.job.reason})`;
  return new SpillwayError('job_deadline', `the job had not ended after ${deadlineMs} ms${why}; it may yet`, {
    problem: failed ? seen.problem : null,
    status: failed ? seen.status : 0,
    retryable: true,
    outcomeUnknown: true,
    cause: failed ? seen : undefined,
  });
}
