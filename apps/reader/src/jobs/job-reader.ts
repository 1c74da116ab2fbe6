import type { Result, Results, WriterBeats } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import { issueConsistencyToken, readTicket, type SigningKeys, type Ticket } from '@spillway/contracts/server';
import { EVENTUAL, STRONG, type Answer, type Freshness } from '@spillway/database/read';
import type { TenantReads } from '../tenant-reads.js';
import { findOutcomes, type KnownOutcome } from './find-outcomes.js';
import { OutcomeLookups } from './outcome-lookups.js';

export interface JobReaderParts {
  readonly reads: TenantReads;
  readonly results: Results;
  readonly beats: WriterBeats;
  readonly keys: { readonly ticket: SigningKeys; readonly consistency: SigningKeys };
}

/**
 * Derives a job from its ticket, the recent results and the databases. Nothing is stored when a post is
 * accepted, so absence on a replica is not absence: only the primary's "not there" is `processing`.
 */
export class JobReader {
  private readonly onPrimary: OutcomeLookups;

  constructor(private readonly parts: JobReaderParts) {
    this.onPrimary = new OutcomeLookups(
      async (tenant, tickets) => (await this.look(tenant, STRONG, tickets)).value,
    );
  }

  /**
   * The job, or null when the ticket is forged, foreign or expired.
   * @throws ProblemError (503) when the outcome is unknown and the primary cannot be asked.
   */
  async read(tenant: string, jobId: string, now: number): Promise<Job | null> {
    const { reads, results, beats, keys } = this.parts;
    const ticket = readTicket(keys.ticket, tenant, jobId, now);
    if (!ticket) return null;
    const result = await results.get(tenant, ticket.commandId);
    if (result) return this.fromResult(jobId, ticket, result, now);
    const outcome = await this.outcomeOf(tenant, ticket);
    const job = this.fromOutcome(jobId, ticket, outcome, now);
    if (outcome.known !== 'nothing') return job;
    const written = await beats.isWritten(reads.shardOf(tenant));
    return written === false ? { ...job, reason: 'no_writer' } : job;
  }

  /** From a replica when that settles it, else from the primary, together with whoever else asks. */
  private async outcomeOf(tenant: string, ticket: Ticket): Promise<KnownOutcome> {
    const { value, servedBy } = await this.look(tenant, EVENTUAL, [ticket]);
    const [first] = value;
    if (first && (servedBy === 'primary' || isFinal(first))) return first;
    return this.onPrimary.find(tenant, ticket);
  }

  private look(
    tenant: string,
    freshness: Freshness,
    tickets: readonly Ticket[],
  ): Promise<Answer<readonly KnownOutcome[]>> {
    return this.parts.reads.read(tenant, freshness, (scope) => findOutcomes(scope, tenant, tickets));
  }

  private fromResult(jobId: string, ticket: Ticket, result: Result, now: number): Job {
    const base = { ...frame(jobId, ticket), completedAt: new Date(result.at).toISOString() };
    if (result.ended === 'failed')
      return { ...base, status: 'failed', error: { code: result.code, detail: result.detail } };
    const consistencyToken = issueConsistencyToken(this.parts.keys.consistency, result.position, now);
    return {
      ...base,
      status: 'completed',
      consistencyToken,
      ...(result.traceId ? { traceId: result.traceId } : {}),
      ...(result.superseded ? { superseded: true } : {}),
      ...(result.postId ? { postId: result.postId } : {}),
    };
  }

  private fromOutcome(jobId: string, ticket: Ticket, outcome: KnownOutcome, now: number): Job {
    const base = frame(jobId, ticket);
    switch (outcome.known) {
      case 'completed':
        return {
          ...base,
          status: 'completed',
          postId: outcome.postId,
          completedAt: outcome.at.toISOString(),
          consistencyToken: issueConsistencyToken(this.parts.keys.consistency, outcome.position, now),
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

/** Nothing on the primary can make it something else. */
const isFinal = (outcome: KnownOutcome): boolean =>
  outcome.known === 'completed' || (outcome.known === 'failed' && outcome.final);

const frame = (jobId: string, ticket: Ticket): Pick<Job, 'jobId' | 'postId' | 'createdAt'> => ({
  jobId,
  postId: ticket.postId,
  createdAt: new Date(ticket.issuedAt).toISOString(),
});
