import { Body, Controller, Header, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { processClock } from '@spillway/contracts/server';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor } from './accept-command.js';
import { WriteAnswers, type WriteAnswer } from './answer-after-wait.js';
import { buildPutCommand } from './build-put-command.js';
import { PutPostDto } from './post.dto.js';
import { Publishes } from './refuse-while-closed.js';

/** `PUT /v1/posts/{id}` with an id that the client minted: repeating it is always safe. */
@Controller('v1/posts')
export class PutPostController {
  constructor(
    private readonly acceptor: CommandAcceptor,
    private readonly answers: WriteAnswers,
  ) {}

  @Put(':id')
  @Publishes()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author', 'importer')
  async put(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() input: PutPostDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const command = buildPutCommand({ principal, id, idPointer: '{id}', input, now: processClock.now() });
    const endedBefore = await this.answers.hasEnded(command, request);
    const accepted = await this.acceptor.accept(command, {
      lane: principal.roles.has('importer') ? 'bulk' : 'write',
      span: requestSpan(request.raw),
    });
    return this.answers.answer({ command, accepted, request, reply, endedBefore });
  }
}
