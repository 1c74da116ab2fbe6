import type { Job } from '@spillway/contracts';
import { SpillwayError, type SpillwayClient } from '@spillway/client';
import { Pauses } from './pauses.js';
import { Slots } from './slots.js';

/** A job that was accepted and has not ended. */
export interface OutstandingJob {
  readonly jobId: string;
  readonly postId: string;
  readonly line: number;
}

export interface FollowSettings {
  readonly client: Pick<SpillwayClient, 'getJob'>;
  /** Looks at the same time. */
  readonly concurrency: number;
  /** Jobs remembered at the same time; who wants to add one more waits. */
  readonly maxOutstanding: number;
  /** How long a job may take, from its acceptance. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
  /** Called once for every job: with its end, or with the reason why that is not known. */
  readonly onEnd: (job: OutstandingJob, end: Job | SpillwayError) => void;
}

const FIRST_LOOK_MS = 40;
const LOOKS_PER_SECOND = 500;

/**
 * Follows any number of jobs behind the sender. The pause before the next look at a job doubles with each
 * look, up to a ceiling that grows with the number of outstanding jobs, so that a service which is behind
 * is not asked more than some hundred times a second.
 */
export class JobFollower {
  private readonly looks: Slots;
  private readonly places: Slots;
  private readonly pauses: Pauses;
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly settings: FollowSettings) {
    this.looks = new Slots(settings.concurrency, settings.signal);
    this.places = new Slots(settings.maxOutstanding, settings.signal);
    this.pauses = new Pauses(settings.signal);
  }

  /** Resolves once one more job may be accepted; `giveBack` when it was not. @throws the signal's reason. */
  room(): Promise<void> {
    return this.places.take();
  }

  giveBack(): void {
    this.places.release();
  }

  /** Follows a job for which there is `room`. */
  add(job: OutstandingJob): void {
    const running = this.follow(job).finally(() => {
      this.places.release();
      this.running.delete(running);
    });
    this.running.add(running);
    // A refusal is the abort of the run; `allEnded` reports it to whoever waits.
    running.catch(() => undefined);
  }

  /** Resolves when no job is outstanding. @throws the signal's reason. */
  async allEnded(): Promise<void> {
    await Promise.all(this.running);
  }

  private async follow(job: OutstandingJob): Promise<void> {
    const { maxWaitMs, onEnd } = this.settings;
    const giveUpAt = Date.now() + maxWaitMs;
    for (let looks = 0; ; looks++) {
      await this.pauses.wait(this.pauseMs(looks));
      const seen = await this.look(job);
      const ended = seen instanceof SpillwayError ? !seen.retryable : seen.status !== 'processing';
      if (ended) return onEnd(job, seen);
      if (Date.now() > giveUpAt)
        return onEnd(job, seen instanceof SpillwayError ? seen : notInTime(seen, maxWaitMs));
    }
  }

  private async look({ jobId }: OutstandingJob): Promise<Job | SpillwayError> {
    const { client, signal } = this.settings;
    await this.looks.take();
    try {
      return await client.getJob(jobId, { signal });
    } catch (error) {
      if (error instanceof SpillwayError) return error;
      throw error;
    } finally {
      this.looks.release();
    }
  }

  private pauseMs(looks: number): number {
    const ceiling = Math.max(1_000, (this.running.size / LOOKS_PER_SECOND) * 1_000);
    return Math.min(ceiling, FIRST_LOOK_MS * 2 ** Math.min(looks, 20)) * (0.75 + Math.random() / 2);
  }
}

function notInTime(job: Job, maxWaitMs: number): SpillwayError {
  const why = job.reason === undefined ? '' : ` (${job.reason})`;
  const facts = { problem: null, status: 0, retryable: true, outcomeUnknown: true };
  return new SpillwayError(
    'job_deadline',
    `accepted, and not committed after ${maxWaitMs} ms${why}; it may yet be`,
    facts,
  );
}
