import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { Job } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { preferredWait, ProblemError } from '@spillway/http';
import { JobReader } from './job-reader.js';
import { JobWaiter } from './job-waiter.js';

/** `GET /v1/jobs/{jobId}`; with `Prefer: wait=N` it answers when the job has ended, or after N seconds. */
@Controller('v1/jobs')
export class GetJobController {
  constructor(
    private readonly jobs: JobReader,
    private readonly waiter: JobWaiter,
  ) {}

  @Get(':jobId')
  async get(
    @CurrentPrincipal() principal: Principal,
    @Param('jobId') jobId: string,
    @Headers('prefer') prefer: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Job> {
    const seconds = preferredWait(prefer);
    const waiting =
      seconds === undefined ? null : this.waiter.wait({ principal, jobId, seconds, request, reply });
    const job = await (waiting ?? this.jobs.read(principal.tenant, jobId, processClock.now()));
    if (!job) throw noSuchJob();
    void reply.header('Cache-Control', 'no-store');
    if (waiting) void reply.header('Preference-Applied', `wait=${seconds}`);
    if (job.status === 'processing') void reply.header('Retry-After', '1');
    return job;
  }
}

export const noSuchJob = (): ProblemError =>
  new ProblemError('not_found', 'There is no such job, or it was accepted more than 7 days ago.');
