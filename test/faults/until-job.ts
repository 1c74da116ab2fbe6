import type { FaultContext } from './fault.js';
import type { JobObservation, RequestRecord } from './history.js';

const DEADLINE_MS = 15_000;
const EVERY_MS = 50;

/** Looks at a job until it is as wanted, or for 15 s. @returns the last look, whatever it showed. */
export async function untilJob(
  { followers, hold }: Pick<FaultContext, 'followers' | 'hold'>,
  record: RequestRecord,
  wanted: (look: JobObservation) => boolean,
): Promise<JobObservation> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const look = await followers.look(record);
    if (wanted(look) || Date.now() > deadline) return look;
    await hold(EVERY_MS);
  }
}
