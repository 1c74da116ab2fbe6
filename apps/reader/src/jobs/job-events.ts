import type { Job } from '@spillway/contracts';
import { followJob, type FollowOptions } from './follow-job.js';

/** Longer than this nothing on the way must wait for a byte. */
const HEARTBEAT_MS = 10_000;
/** Spread, so that clients of a process that stopped do not all come at once. */
const RETRY_MS = { least: 1_000, spread: 2_000 };

/** Names a state of a job: what changes it is an event. */
export const eventIdOf = ({ status, reason }: Job): string =>
  reason === undefined ? status : `${status}.${reason}`;

export interface JobEventsOptions extends FollowOptions {
  /** The last event that the client has. */
  readonly lastEventId: string | undefined;
}

/**
 * A job as Server-Sent Events: `event: job` with the job whenever its status or reason is another one,
 * until it has ended, with comments in between so that the connection is not taken for dead.
 */
export async function* jobEvents({
  lastEventId,
  ...follow
}: JobEventsOptions): AsyncGenerator<string, void, undefined> {
  yield `retry: ${Math.round(RETRY_MS.least + Math.random() * RETRY_MS.spread)}\n\n`;
  let told = lastEventId;
  let quietSince = performance.now();
  for await (const job of followJob(follow)) {
    const id = job ? eventIdOf(job) : told;
    if (job && id !== told) {
      told = id;
      quietSince = performance.now();
      yield `id: ${id}\nevent: job\ndata: ${JSON.stringify(job)}\n\n`;
    } else if (performance.now() - quietSince >= HEARTBEAT_MS) {
      quietSince = performance.now();
      yield ': still processing\n\n';
    }
  }
}
