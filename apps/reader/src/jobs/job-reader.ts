import type { Results, Result } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import { issueConsistencyToken, readTicket, type SigningKeys, type Ticket } from '@spillway/contracts/server';
import { EVENTUAL, STRONG } from '@spillway/database/read';
import type { TenantReads } from '../tenant-reads.js';
import { findOutcome, type KnownOutcome } from './find-outcome.js';

export interface JobKeys {
  readonly ticket: SigningKeys;
  readonly consistency: SigningKeys;
}

/**
 * Derives a job from its ticket, the recent results and the databases. Nothing is stored when a post is
 * accepted, so absence on a replica is not absence: only the primary's "not there" is `processing`.
 */
export class JobReader {
  constructor(
    private readonly reads: TenantReads,
    private readonly results: Results,
    private readonly keys: JobKeys,
  ) {}

  /**
   * The job, or null when the ticket is forged, foreign or expired.
   * @throws ProblemError (503) when the outcome is unknown and the primary cannot be asked.
   */
  async read(tenant: string, jobId: string, now: number): Promise<Job | null> {
    const ticket = readTicket(this.keys.ticket, tenant, jobId, now);
    if (!ticket) return null;
    const result = await this.results.get(tenant, ticket.commandId);
    if (result) return this.fromResult(jobId, ticket, result, now);
    const replica = await this.reads.read(tenant, EVENTUAL, (scope) => findOutcome(scope, tenant, ticket));
    if (replica.servedBy === 'primary' || replica.value.known === 'completed') {
      return this.fromOutcome(jobId, ticket, replica.value, now);
    }
    const primary = await this.reads.read(tenant, STRONG, (scope) => findOutcome(scope, tenant, ticket));
    return this.fromOutcome(jobId, ticket, primary.value, now);
  }

  private fromResult(jobId: string, ticket: Ticket, result: Result, now: number): Job {
    const base = { ...frame(jobId, ticket), completedAt: new Date(result.at).toISOString() };
    if (result.ended === 'failed')
      return { ...base, status: 'failed', error: { code: result.code, detail: result.detail } };
    const consistencyToken = issueConsistencyToken(this.keys.consistency, result.position, now);
    return {
      ...base,
      status: 'completed',
      consistencyToken,
      ...(result.traceId ? { traceId: result.traceId } : {}),
    };
  }

  private fromOutcome(jobId: string, ticket: Ticket, outcome: KnownOutcome, now: number): Job {
    const base = frame(jobId, ticket);
    switch (outcome.known) {
      case 'completed':
        return {
          ...base,
          status: 'completed',
          completedAt: outcome.at.toISOString(),
          consistencyToken: issueConsistencyToken(this.keys.consistency, outcome.position, now),
          ...(outcome.superseded ? { superseded: true } : {}),
          ...(outcome.traceId ? { traceId: outcome.traceId } : {}),
        };
      case 'failed':
        return {
          ...base,
          status: 'failed',
          completedAt: outcome.at.toISOString(),
          error: { code: outcome.code, detail: outcome.detail },
        };
      case 'parked':
        return { ...base, status: 'processing', reason: 'parked' };
      case 'nothing':
        return { ...base, status: 'processing' };
    }
  }
}

const frame = (jobId: string, ticket: Ticket): Pick<Job, 'jobId' | 'postId' | 'createdAt'> => ({
  jobId,
  postId: ticket.postId,
  createdAt: new Date(ticket.issuedAt).toISOString(),
});
