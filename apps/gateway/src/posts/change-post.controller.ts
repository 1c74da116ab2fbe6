import { Body, Controller, Delete, Header, Headers, HttpCode, Param, Patch, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import type { Command } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor } from './accept-command.js';
import { WriteAnswers, type WriteAnswer } from './answer-after-wait.js';
import { buildDeleteCommand, buildEditCommand } from './build-change-command.js';
import { EditPostDto } from './change.dto.js';
import { foldCheckedTags } from './fold-tags.js';
import { Publishes } from './refuse-while-closed.js';

/**
 * `PATCH` and `DELETE /v1/posts/{id}`. Whether the post is there and may be changed is decided by the
 * writer: the gateway has no database.
 */
@Controller('v1/posts')
export class ChangePostController {
  constructor(
    private readonly acceptor: CommandAcceptor,
    private readonly answers: WriteAnswers,
  ) {}

  @Patch(':id')
  @Publishes()
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
  ): Promise<WriteAnswer> {
    if (content === undefined && tags === undefined) {
      throw new ProblemError('invalid_request', 'The edit changes nothing.', {
        errors: [{ pointer: '', detail: 'must have content or tags' }],
      });
    }
    const edit = {
      ...(content === undefined ? {} : { content }),
      ...(tags === undefined ? {} : { tags: foldCheckedTags(tags) }),
    };
    return this.accept(
      buildEditCommand({ principal, id, ifMatch, now: processClock.now() }, edit),
      request,
      reply,
    );
  }

  @Delete(':id')
  @Publishes()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'moderator')
  delete(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    return this.accept(
      buildDeleteCommand({ principal, id, ifMatch, now: processClock.now() }),
      request,
      reply,
    );
  }

  private async accept(command: Command, request: FastifyRequest, reply: FastifyReply): Promise<WriteAnswer> {
    const accepted = await this.acceptor.accept(command, { lane: 'write', span: requestSpan(request.raw) });
    return this.answers.answer({ command, accepted, request, reply });
  }
}
