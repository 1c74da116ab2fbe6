import type { Job } from '@spillway/contracts';
import { backoffMs, JOB_BACKOFF } from './backoff.js';
import { retryAfterMs } from './retry-after.js';
import { SpillwayError } from './spillway-error.js';
import { wait } from './wait.js';
import { watchJob, type OpenEvents } from './watch-job.js';

/**
 * How to learn of a job's end. `stream`: Server-Sent Events, told at once and at no cost while nothing
 * happens. `wait`: requests that the service holds until the end, up to 10 s each. `poll`: looks, ever slower.
 * Where one is not to be had, the next takes over.
 */
export type FollowBy = 'stream' | 'wait' | 'poll';

export interface FollowOptions {
  /** How long to wait for the end of the job, from now. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** `wait` when left out. */
  readonly by?: FollowBy;
}

/** One look at a job, with the headers of its answer. */
export interface Look {
  readonly jobId: string;
  /** Unix milliseconds: not retried any more after that. */
  readonly giveUpAt: number;
  /** Seconds that the service may hold the answer back for the job to end. */
  readonly waitSeconds: number;
  readonly signal: AbortSignal | undefined;
}
export type LookAtJob = (look: Look) => Promise<{ readonly job: Job; readonly headers: Headers }>;

export interface JobSource {
  readonly look: LookAtJob;
  readonly open: OpenEvents;
}

/** The longest that the service holds a request. */
const MAX_WAIT_SECONDS = 10;

/**
 * Follows a job until it has ended.
 * A look that fails but may be repeated counts as "still processing".
 * @throws SpillwayError `job_deadline`, retryable, when the deadline passes first.
 */
export async function followJob(source: JobSource, jobId: string, options: FollowOptions): Promise<Job> {
  const { deadlineMs, signal, by = 'wait' } = options;
  const giveUpAt = Date.now() + deadlineMs;
  if (by === 'stream') {
    const ended = await followStream(source.open, jobId, options);
    if (ended) return ended;
  }
  let mayWait = by !== 'poll';
  for (let looks = 0; ; looks++) {
    const left = Math.floor((giveUpAt - Date.now()) / 1_000);
    const waitSeconds = mayWait ? Math.max(0, Math.min(MAX_WAIT_SECONDS, left)) : 0;
    const seen = await lookOnce(source.look, { jobId, giveUpAt, waitSeconds, signal });
    const failed = seen instanceof SpillwayError;
    if (!failed && seen.job.status !== 'processing') return seen.job;
    // Held back, the job has ended or the time is up; else the service does not wait, and pauses are ours.
    const held = !failed && seen.headers.has('preference-applied');
    mayWait &&= held || waitSeconds === 0;
    if (held) looks = 0;
    const pauseMs = backoffMs(looks, { firstMs: JOB_BACKOFF.firstMs, maxMs: longestPauseMs(seen) });
    if (Date.now() + pauseMs > giveUpAt) throw deadlinePassed(deadlineMs, seen);
    await wait(pauseMs, signal);
  }
}

/** The ended job, or null when streaming does not work here or the deadline has passed. */
async function followStream(
  open: OpenEvents,
  jobId: string,
  { deadlineMs, signal }: FollowOptions,
): Promise<Job | null> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  try {
    for await (const job of watchJob(open, jobId, either)) if (job.status !== 'processing') return job;
  } catch (error) {
    signal?.throwIfAborted();
    if (!deadline.aborted) throw error;
  }
  return null;
}

type Seen = Awaited<ReturnType<LookAtJob>> | SpillwayError;

async function lookOnce(look: LookAtJob, of: Look): Promise<Seen> {
  try {
    return await look(of);
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
