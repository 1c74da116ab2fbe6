import type { Job } from '@spillway/contracts';
import { backoffMs, REQUEST_BACKOFF } from './backoff.js';
import { readEvents } from './event-stream.js';
import { SpillwayError } from './spillway-error.js';
import { wait } from './wait.js';

/** Opens the events of a job behind `lastEventId`. */
export type OpenEvents = (jobId: string, lastEventId: string, signal: AbortSignal) => Promise<Response>;

/** Openings in a row that brought no event: then this way of following is given up. */
const BARREN_OPENINGS = 3;

/**
 * The states of a job as the service streams them, over as many connections as it takes.
 * @returns true when the job has ended; false when streaming does not work here (no such address, something
 * else than events, a way that swallows them) and the job must be followed in another way.
 * @throws the signal's reason; SpillwayError when the service refuses us.
 */
export async function* watchJob(
  open: OpenEvents,
  jobId: string,
  signal: AbortSignal,
): AsyncGenerator<Job, boolean, undefined> {
  let lastEventId = '';
  let retryMs: number | undefined;
  for (let barren = 0; barren < BARREN_OPENINGS; barren++) {
    const body = await eventsOf(open, jobId, lastEventId, signal);
    if (body === null) return false;
    try {
      for await (const { event, data, id, retryMs: asked } of readEvents(body)) {
        [lastEventId, retryMs, barren] = [id, asked ?? retryMs, 0];
        if (event !== 'job') continue;
        const job = JSON.parse(data) as Job;
        yield job;
        if (job.status !== 'processing') return true;
      }
    } catch {
      // The connection broke, or brought nonsense: the next one goes on behind the last event.
      signal.throwIfAborted();
    }
    await wait(retryMs ?? backoffMs(barren, REQUEST_BACKOFF), signal);
  }
  return false;
}

/** The body of an opened stream, or null when there is none to be had; undefined content ends as null. */
async function eventsOf(
  open: OpenEvents,
  jobId: string,
  lastEventId: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  try {
    const response = await open(jobId, lastEventId, signal);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (response.status === 200 && isStream && response.body) return response.body;
    await response.body?.cancel();
    return null;
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    if (error.status === 401 || error.status === 403) throw error;
    return null;
  }
}
