import { Body, Controller, Header, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { isUuidV7, uuidV7Time, type Accepted } from '@spillway/contracts';
import { putCommandId } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor } from './accept-command.js';
import { buildCreateCommand } from './build-create-command.js';
import { PutPostDto } from './post.dto.js';

const AHEAD_MS = 60_000;
const BEHIND_MS = 24 * 3600_000;

/** `PUT /v1/posts/{id}` with an id that the client minted: repeating it is always safe. */
@Controller('v1/posts')
export class PutPostController {
  constructor(private readonly acceptor: CommandAcceptor) {}

  @Put(':id')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'importer')
  async put(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() input: PutPostDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    const now = Date.now();
    const postId = id.toLowerCase();
    checkId(postId, principal, now);
    if (
      input.authorId !== undefined &&
      input.authorId !== principal.sub &&
      !principal.roles.has('importer')
    ) {
      throw new ProblemError(
        'forbidden',
        'Only the role importer may name another author; nothing was accepted.',
      );
    }
    const command = buildCreateCommand({
      principal,
      postId,
      commandId: (post) => putCommandId(principal.tenant, postId, post),
      authorId: input.authorId ?? principal.sub,
      input,
      now,
    });
    const accepted = await this.acceptor.accept(command, {
      lane: principal.roles.has('importer') ? 'bulk' : 'write',
      span: requestSpan(request.raw),
    });
    void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
    return accepted;
  }
}

/** @throws ProblemError unless the id is a UUIDv7 of about now, or of any past time for an importer. */
function checkId(postId: string, principal: Principal, now: number): void {
  const reason = !isUuidV7(postId)
    ? 'must be a UUIDv7'
    : uuidV7Time(postId) > now + AHEAD_MS
      ? 'its time must be at most 60 s ahead'
      : uuidV7Time(postId) < now - BEHIND_MS && !principal.roles.has('importer')
        ? 'its time must be at most 24 h behind, except for an importer'
        : null;
  if (reason) {
    throw new ProblemError('invalid_request', 'The id of the post is not valid; nothing was accepted.', {
      errors: [{ pointer: '{id}', detail: reason }],
    });
  }
}
