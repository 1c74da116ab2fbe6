import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import { noSuchJob } from './get-job.controller.js';
import { JobStreams } from './job-streams.js';

/** `GET /v1/jobs/{jobId}/events`: the job as Server-Sent Events, until it has ended. */
@Controller('v1/jobs')
export class JobEventsController {
  constructor(private readonly streams: JobStreams) {}

  @Get(':jobId/events')
  async stream(
    @CurrentPrincipal() principal: Principal,
    @Param('jobId') jobId: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.streams.open({ principal, jobId, lastEventId, request, reply });
    if (!stream) throw noSuchJob();
    void reply.header('Cache-Control', 'no-store');
    // By the rules of EventSource 204 ends it: there is nothing more to come.
    if (stream === 'ended') return void reply.code(204).send();
    if (request.method === 'HEAD') stream.destroy();
    void reply
      .headers({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' })
      .send(request.method === 'HEAD' ? '' : stream);
  }
}
