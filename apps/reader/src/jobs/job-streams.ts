import { Readable } from 'node:stream';
import type { Principal, RevocationCheck } from '@spillway/auth';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ResultWaits } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { ProblemError, type HeldRequests, type HoldRefusal } from '@spillway/http';
import type { Events } from '../events.js';
import { hasEnded } from './follow-job.js';
import { eventIdOf, jobEvents } from './job-events.js';
import type { JobReader } from './job-reader.js';

/** A stream ends after this, or with its token, expired or revoked; the client goes on with another one. */
const DURATION_MAX_MS = 300_000;

export interface JobStreamsParts {
  readonly jobs: JobReader;
  readonly waits: ResultWaits;
  readonly held: HeldRequests;
  readonly events: Events;
  readonly revocations: RevocationCheck;
}

export interface JobStreamRequest {
  readonly jobId: string;
  readonly lastEventId: string | undefined;
  readonly principal: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Opens streams of events about jobs, as many as may be open at once. */
export class JobStreams {
  constructor(private readonly parts: JobStreamsParts) {}

  /**
   * The stream; `ended` when the client has the last event already; null when there is no such job.
   * @throws ProblemError when too many are open (429, 503), or no database can say how the job stands (503).
   */
  async open(asked: JobStreamRequest): Promise<Readable | 'ended' | null> {
    const { jobId, lastEventId, request, reply } = asked;
    const { tenant, jti, expiresAtMs } = asked.principal;
    const { jobs, waits, held: streams, events, revocations } = this.parts;
    const ticket = jobs.ticketOf(tenant, jobId, processClock.now());
    if (!ticket) return null;
    const held = streams.hold(tenant, request, reply);
    if (typeof held === 'string') throw refused(held);
    const listening = waits.listen(ticket.commandId);
    const free = (): void => {
      listening.end();
      held.release();
    };
    try {
      let first = await jobs.read(tenant, jobId, processClock.now());
      if (first && hasEnded(first) && eventIdOf(first) === lastEventId) {
        free();
        return 'ended';
      }
      const look = (): Promise<Job | null> => {
        const known = first;
        first = null;
        return known ? Promise.resolve(known) : jobs.read(tenant, jobId, processClock.now());
      };
      const lastsMs = Math.min(DURATION_MAX_MS, expiresAtMs - processClock.now());
      const until = performance.now() + lastsMs;
      const mayGoOn = (): boolean => jti === undefined || !revocations.isRevoked(tenant, jti);
      const source = jobEvents({ look, listening, signal: held.signal, until, lastEventId, mayGoOn });
      const stream = Readable.from(source, { objectMode: false });
      // Also of a stream that is given up before its source ran.
      stream.once('close', free);
      stream.on('error', (error) => events.streamFailed(error));
      return stream;
    } catch (error) {
      free();
      throw error;
    }
  }
}

const REFUSALS: Record<HoldRefusal, readonly [ConstructorParameters<typeof ProblemError>[0], string]> = {
  tenant: [
    'too_many_streams',
    'Your team has too many event streams open. Close some, or wait by Prefer: wait.',
  ],
  process: [
    'streams_exhausted',
    'Too many event streams are open here. Send it again, or wait by Prefer: wait.',
  ],
  stopping: ['shutting_down', 'This instance is stopping. Send it again; another one answers.'],
};

function refused(why: HoldRefusal): ProblemError {
  const [code, detail] = REFUSALS[why];
  return new ProblemError(code, detail, { retryAfterSeconds: 5 });
}
