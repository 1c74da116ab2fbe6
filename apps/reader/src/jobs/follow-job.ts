import type { Listening } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';

export interface FollowOptions {
  /** Reads the job as it is now; null when there is none. */
  readonly look: () => Promise<Job | null>;
  /** Opened before the first look, so that nothing is missed in between. */
  readonly listening: Listening;
  /** Ends the following early. */
  readonly signal: AbortSignal;
  /** False once the caller must be told nothing more. True when left out. */
  readonly mayGoOn?: () => boolean;
  /** When it ends at the latest, by `performance.now()`. */
  readonly until: number;
}

export const hasEnded = (job: Job): boolean => job.status !== 'processing';

/**
 * The job each time that there may be something new, until it has ended, time is up, the signal aborts or the
 * caller may not go on.
 * `undefined` stands for a moment in which no database can say.
 * @throws ProblemError when none could say until the end.
 */
export async function* followJob({
  look,
  listening,
  signal,
  until,
  mayGoOn = () => true,
}: FollowOptions): AsyncGenerator<Job | undefined, void, undefined> {
  for (let seen = false; !(seen && signal.aborted);) {
    const isLast = signal.aborted || performance.now() >= until;
    const job = await look().catch((error: unknown) => {
      if ((isLast && !seen) || !(error instanceof ProblemError)) throw error;
      return undefined;
    });
    if (job === null || !mayGoOn()) return;
    yield job;
    seen ||= job !== undefined;
    if (isLast || (job && hasEnded(job))) return;
    await listening.next(until - performance.now(), signal);
  }
}
