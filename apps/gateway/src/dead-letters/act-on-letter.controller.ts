import { context } from '@opentelemetry/api';
import { Body, Controller, Header, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import {
  isUuid,
  uuidV7,
  type Accepted,
  type DiscardDeadLetter,
  type ReplayDeadLetter,
} from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { requestSpan, traceparentOf } from '@spillway/telemetry';
import { CommandAcceptor } from '../posts/accept-command.js';
import { ActOnLetterDto } from './act-on-letter.dto.js';

type Kind = (ReplayDeadLetter | DiscardDeadLetter)['kind'];

/**
 * `POST /v1/dead-letters/{id}/replay` and `/discard`, within the token's tenant. Whether the letter is
 * there and what may be done about it is decided by the writer: the gateway has no database.
 */
@Controller('v1/dead-letters')
@RequireRoles('operator')
export class ActOnLetterController {
  constructor(private readonly acceptor: CommandAcceptor) {}

  @Post(':id/replay')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  replay(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() { why }: ActOnLetterDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    return this.accept('dead_letter.replay', principal, id, why, request, reply);
  }

  @Post(':id/discard')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  discard(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() { why }: ActOnLetterDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    return this.accept('dead_letter.discard', principal, id, why, request, reply);
  }

  private async accept(
    kind: Kind,
    { tenant, sub, roles }: Principal,
    id: string,
    why: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Accepted> {
    const letterId = id.toLowerCase();
    if (!isUuid(letterId)) throw new ProblemError('not_found', 'There is no dead letter with this id.');
    const now = processClock.now();
    const commandId = uuidV7(now);
    const traceparent = traceparentOf(context.active());
    const command = {
      kind,
      commandId,
      postId: commandId,
      tenantId: tenant,
      actor: { sub, moderator: roles.has('moderator') },
      acceptedAt: now,
      ...(traceparent ? { traceparent } : {}),
      letterId,
      why,
      via: 'api',
    } as const;
    const accepted = await this.acceptor.accept(command, { lane: 'write', span: requestSpan(request.raw) });
    void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
    return accepted;
  }
}
