import { context } from '@opentelemetry/api';
import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { REVOCATION_MAX_SECONDS, uuidV7, type Accepted } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { RevokedTokens } from '@spillway/cache';
import { ProblemError } from '@spillway/http';
import { requestSpan, traceparentOf } from '@spillway/telemetry';
import { CommandAcceptor } from '../posts/accept-command.js';
import { RevokeTokenDto } from './revoke-token.dto.js';

/**
 * `POST /v1/revocations`: a token of the caller's tenant is refused from now on. Once the broker has the
 * command Redis is told as well, so that a long queue does not keep a stolen token alive; a writer makes it
 * last.
 */
@Controller('v1/revocations')
@RequireRoles('operator')
export class RevokeTokenController {
  constructor(
    private readonly acceptor: CommandAcceptor,
    private readonly tokens: RevokedTokens,
  ) {}

  @Post()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  async revoke(
    @CurrentPrincipal() { tenant, sub, roles }: Principal,
    @Body() { jti, expiresAt, why }: RevokeTokenDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    const now = processClock.now();
    const exp = expOf(expiresAt, now);
    const commandId = uuidV7(now);
    const traceparent = traceparentOf(context.active());
    const command = {
      kind: 'token.revoke',
      commandId,
      postId: commandId,
      tenantId: tenant,
      actor: { sub, moderator: roles.has('moderator') },
      acceptedAt: now,
      ...(traceparent ? { traceparent } : {}),
      jti,
      exp,
      why,
      via: 'api',
    } as const;
    const accepted = await this.acceptor.accept(command, { lane: 'write', span: requestSpan(request.raw) });
    await this.tokens.add(this.acceptor.shardOf(tenant), [{ tenantId: tenant, jti, exp }]);
    void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
    return accepted;
  }
}

/** Unix seconds; the furthest there is when nobody says. @throws ProblemError when it is over or too far ahead. */
function expOf(expiresAt: string | undefined, now: number): number {
  const furthest = Math.floor(now / 1_000) + REVOCATION_MAX_SECONDS;
  if (expiresAt === undefined) return furthest;
  const exp = Math.ceil(Date.parse(expiresAt) / 1_000);
  if (exp * 1_000 > now && exp <= furthest) return exp;
  throw new ProblemError('invalid_request', 'The body is not valid; errors says where.', {
    errors: [{ pointer: '/expiresAt', detail: 'must be a time from now to ten years ahead' }],
  });
}
