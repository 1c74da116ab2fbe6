import { Controller, Header, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { BATCH_MAX_BYTES, BATCH_MAX_POSTS, type BatchAnswer } from '@spillway/contracts';
import { bodyItems, BulkBody, ProblemError } from '@spillway/http';
import { requestSpan } from '@spillway/telemetry';
import { CountedByHandler } from '../quota/counted-by-handler.js';
import { QuotaGuard, type CountedRequest } from '../quota/quota.guard.js';
import { BatchAcceptor } from './accept-batch.js';

/** `POST /v1/posts/batch`: many posts in one request, each with a result of its own. */
@Controller('v1/posts')
export class BatchPostsController {
  constructor(
    private readonly batches: BatchAcceptor,
    private readonly quota: QuotaGuard,
  ) {}

  @Post('batch')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'importer')
  @CountedByHandler()
  @BulkBody({ maxBytes: BATCH_MAX_BYTES, maxItems: BATCH_MAX_POSTS })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Headers('idempotency-key') keyHeader: string | undefined,
    @Req() request: CountedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchAnswer> {
    if (keyHeader !== undefined) throw noKeys();
    const items = bodyItems(request);
    await this.quota.count(request, reply, principal, items.length);
    const batch = await this.batches.accept({
      principal,
      items,
      requestId: request.id,
      span: requestSpan(request.raw),
    });
    const results = batch.all();
    const { retryAfterSeconds, withoutEffect } = batch;
    request.quota?.giveBack(withoutEffect);
    if (retryAfterSeconds !== undefined) void reply.header('Retry-After', retryAfterSeconds);
    return { results };
  }
}

/** One key cannot stand for many posts of which some were accepted; ids can. */
const noKeys = (): ProblemError =>
  new ProblemError('invalid_request', 'A batch takes no Idempotency-Key; nothing was accepted.', {
    errors: [
      {
        pointer: '!Idempotency-Key',
        detail: 'is not possible here: give each post an id, and repeating the batch is safe',
      },
    ],
  });
