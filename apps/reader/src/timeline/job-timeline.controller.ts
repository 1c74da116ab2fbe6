import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import type { JobTimeline } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import type { Ticket } from '@spillway/contracts/server';
import { EVENTUAL, STRONG, type Answer, type Freshness } from '@spillway/database/read';
import { ProblemError } from '@spillway/http';
import { noSuchJob } from '../jobs/get-job.controller.js';
import { JobReader } from '../jobs/job-reader.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { buildTimeline } from './build-timeline.js';
import { findFacts, type Facts } from './find-facts.js';
import { toOtlp, type OtlpTraces } from './otlp.js';
import { TimelineDto } from './timeline.dto.js';

/** `GET /v1/jobs/{jobId}/timeline`, for operators: the life of a job of their tenant, from what is stored. */
@Controller('v1/jobs')
@RequireRoles('operator')
export class JobTimelineController {
  constructor(
    private readonly jobs: JobReader,
    private readonly reads: TenantReads,
  ) {}

  @Get(':jobId/timeline')
  async get(
    @CurrentPrincipal() { tenant }: Principal,
    @Param('jobId') jobId: string,
    @Query() { format = 'json' }: TimelineDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobTimeline | OtlpTraces> {
    const now = processClock.now();
    const ticket = this.jobs.ticketOf(tenant, jobId, now);
    if (!ticket) throw noSuchJob();
    const answer = await this.factsOf(tenant, ticket, now);
    describeAnswer(reply, answer);
    void reply.header('Cache-Control', 'no-store');
    const timeline = buildTimeline(jobId, ticket, answer.value, this.reads.shardOf(tenant), now);
    return format === 'otlp' ? toOtlp(timeline, now) : timeline;
  }

  /** From the primary, or while it is away from a replica: `Served-By` and `Replica-Lag` say so. */
  private async factsOf(tenant: string, ticket: Ticket, now: number): Promise<Answer<Facts>> {
    const facts = (freshness: Freshness): Promise<Answer<Facts>> =>
      this.reads.read(tenant, freshness, (scope) => findFacts(scope, tenant, ticket, now));
    try {
      return await facts(STRONG);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return facts(EVENTUAL);
    }
  }
}
