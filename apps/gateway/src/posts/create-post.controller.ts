import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { uuidV7, type Accepted } from '@spillway/contracts';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor } from './accept-command.js';
import { buildCreateCommand } from './build-create-command.js';
import { CreatePostDto } from './post.dto.js';

/** `POST /v1/posts`, and the same operation under its older path. */
@Controller('v1')
export class CreatePostController {
  constructor(private readonly acceptor: CommandAcceptor) {}

  @Post(['posts', 'post/create'])
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author')
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() input: CreatePostDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    const now = Date.now();
    const postId = uuidV7(now);
    const command = buildCreateCommand({
      principal,
      postId,
      commandId: () => postId,
      authorId: principal.sub,
      input,
      now,
    });
    const accepted = await this.acceptor.accept(command, { lane: 'write', span: requestSpan(request.raw) });
    void reply.header('Location', `/v1/jobs/${accepted.jobId}`);
    return accepted;
  }
}
