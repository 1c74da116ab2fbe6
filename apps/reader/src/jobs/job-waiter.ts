import type { FastifyReply, FastifyRequest } from 'fastify';
import { revoked, type Principal, type RevocationCheck } from '@spillway/auth';
import type { Listening, ResultWaits } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import type { Held, HeldRequests } from '@spillway/http';
import { followJob } from './follow-job.js';
import type { JobReader } from './job-reader.js';

export interface JobWaiterParts {
  readonly jobs: JobReader;
  readonly waits: ResultWaits;
  readonly held: HeldRequests;
  readonly revocations: RevocationCheck;
}

export interface JobWait {
  readonly principal: Principal;
  readonly jobId: string;
  readonly seconds: number;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Waits for jobs on behalf of requests. */
export class JobWaiter {
  constructor(private readonly parts: JobWaiterParts) {}

  /**
   * The job when it has ended, or as it is when the time is over. Null when too many wait here already.
   * @throws AuthError within seconds of the token being revoked.
   */
  wait(wait: JobWait): Promise<Job | null> | null {
    const { jobId, request, reply } = wait;
    const { tenant } = wait.principal;
    const ticket = this.parts.jobs.ticketOf(tenant, jobId, processClock.now());
    if (!ticket) return Promise.resolve(null);
    const held = this.parts.held.hold(tenant, request, reply);
    if (typeof held === 'string') return null;
    return this.last(wait, held, this.parts.waits.listen(ticket.commandId));
  }

  private async last(
    { principal: { tenant, jti }, jobId, seconds }: JobWait,
    held: Held,
    listening: Listening,
  ): Promise<Job | null> {
    const look = (): Promise<Job | null> => this.parts.jobs.read(tenant, jobId, processClock.now());
    const mayGoOn = (): boolean => jti === undefined || !this.parts.revocations.isRevoked(tenant, jti);
    let last: Job | null = null;
    try {
      const until = performance.now() + seconds * 1_000;
      const follow = { look, listening, signal: held.signal, until, mayGoOn };
      for await (const job of followJob(follow)) last = job ?? last;
      if (!mayGoOn()) throw revoked();
      return last;
    } finally {
      listening.end();
      held.release();
    }
  }
}
