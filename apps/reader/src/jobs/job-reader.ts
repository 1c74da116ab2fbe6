import type { Results, WriterBeats } from '@spillway/cache';
import type { Job } from '@spillway/contracts';
import {
  endedJob,
  issueConsistencyToken,
  jobFrame,
  readTicket,
  type SigningKeys,
  type Ticket,
} from '@spillway/contracts/server';
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

interface Found {
  readonly outcome: KnownOutcome;
  readonly servedBy: Answer<unknown>['servedBy'];
}

/**
 * Derives a job from its ticket, the recent results and the databases. Nothing is stored when a post is
 * accepted, so absence on a replica is not absence: only the primary's "not there" is `processing`.
 */
export class JobReader {
  private readonly anywhere: OutcomeLookups<Found>;
  private readonly onPrimary: OutcomeLookups<Found>;

  constructor(private readonly parts: JobReaderParts) {
    const lookups = (freshness: Freshness) =>
      new OutcomeLookups((tenant, tickets) => this.look(tenant, freshness, tickets));
    this.anywhere = lookups(EVENTUAL);
    this.onPrimary = lookups(STRONG);
  }

  /** What the id of a job says, or null when it is forged, foreign or expired. */
  ticketOf(tenant: string, jobId: string, now: number): Ticket | null {
    return readTicket(this.parts.keys.ticket, tenant, jobId, now);
  }

  /**
   * The job, or null when its id is forged, foreign or expired.
   * @throws ProblemError (503) when the outcome is unknown and the primary cannot be asked.
   */
  async read(tenant: string, jobId: string, now: number): Promise<Job | null> {
    const { reads, results, beats, keys } = this.parts;
    const ticket = this.ticketOf(tenant, jobId, now);
    if (!ticket) return null;
    const result = await results.get(tenant, ticket.commandId);
    if (result) return endedJob(jobId, ticket, result, keys.consistency, now);
    const outcome = await this.outcomeOf(tenant, ticket);
    const job = this.fromOutcome(jobId, ticket, outcome, now);
    if (outcome.known !== 'nothing') return job;
    const written = await beats.isWritten(reads.shardOf(tenant));
    return written === false ? { ...job, reason: 'no_writer' } : job;
  }

  /** From a replica when that settles it, else from the primary; each together with whoever else asks. */
  private async outcomeOf(tenant: string, ticket: Ticket): Promise<KnownOutcome> {
    const first = await this.anywhere.find(tenant, ticket);
    if (first.servedBy === 'primary' || isFinal(first.outcome)) return first.outcome;
    return (await this.onPrimary.find(tenant, ticket)).outcome;
  }

  private async look(
    tenant: string,
    freshness: Freshness,
    tickets: readonly Ticket[],
  ): Promise<readonly Found[]> {
    const { value, servedBy } = await this.parts.reads.read(tenant, freshness, (scope) =>
      findOutcomes(scope, tenant, tickets),
    );
    return value.map((outcome) => ({ outcome, servedBy }));
  }

  private fromOutcome(jobId: string, ticket: Ticket, outcome: KnownOutcome, now: number): Job {
    const base = jobFrame(jobId, ticket);
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
