import { Body, Controller, Delete, Header, Headers, HttpCode, Param, Patch, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import type { Accepted, Command } from '@spillway/contracts';
import { ProblemError } from '@spillway/http';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor } from './accept-command.js';
import { buildDeleteCommand, buildEditCommand } from './build-change-command.js';
import { EditPostDto } from './change.dto.js';
import { foldCheckedTags } from './fold-tags.js';

/**
 * `PATCH` and `DELETE /v1/posts/{id}`. Whether the post is there and may be changed is decided by the
 * writer: the gateway has no database.
 */
@Controller('v1/posts')
export class ChangePostController {
  constructor(private readonly acceptor: CommandAcceptor) {}

  @Patch(':id')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'moderator')
  edit(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() { content, tags }: EditPostDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    if (content === undefined && tags === undefined) {
      throw new ProblemError('invalid_request', 'The edit changes nothing.', {
        errors: [{ pointer: '', detail: 'must have content or tags' }],
      });
    }
    const edit = {
      ...(content === undefined ? {} : { content }),
      ...(tags === undefined ? {} : { tags: foldCheckedTags(tags) }),
    };
    return this.accept(buildEditCommand({ principal, id, ifMatch, now: Date.now() }, edit), request, reply);
  }

  @Delete(':id')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'moderator')
  delete(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    return this.accept(buildDeleteCommand({ principal, id, ifMatch, now: Date.now() }), request, reply);
  }

  private async accept(command: Command, request: FastifyRequest, reply: FastifyReply): Promise<Accepted> {
    const accepted = await this.acceptor.accept(command, { lane: 'write', span: requestSpan(request.raw) });
    void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
    return accepted;
  }
}
