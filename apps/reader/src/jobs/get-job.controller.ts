import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { Job } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';
import { JobReader } from './job-reader.js';

/** `GET /v1/jobs/{jobId}`. */
@Controller('v1/jobs')
export class GetJobController {
  constructor(private readonly jobs: JobReader) {}

  @Get(':jobId')
  async get(
    @CurrentPrincipal() { tenant }: Principal,
    @Param('jobId') jobId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Job> {
    const job = await this.jobs.read(tenant, jobId, Date.now());
    if (!job)
      throw new ProblemError('not_found', 'There is no such job, or it was accepted more than 7 days ago.');
    void reply.header('Cache-Control', 'no-store');
    if (job.status === 'processing') void reply.header('Retry-After', '1');
    return job;
  }
}
