import { Body, Controller, Header, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { principalOf, RequireRoles, type AuthenticatedRequest, type Principal } from '@spillway/auth';
import { uuidV7, type Accepted, type CreatePost } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import { requestSpan } from '@spillway/telemetry';
import { CommandAcceptor, type AcceptOptions } from './accept-command.js';
import { WriteAnswers, type WriteAnswer } from './answer-after-wait.js';
import { buildCreateCommand } from './build-create-command.js';
import { CreateOnce } from './create-once.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { CreatePostDto } from './post.dto.js';
import { Publishes } from './refuse-while-closed.js';

interface Taken {
  readonly command: CreatePost;
  readonly accepted: Accepted;
}

/** `POST /v1/posts`, and the same operation under its older path. */
@Controller('v1')
export class CreatePostController {
  constructor(
    private readonly acceptor: CommandAcceptor,
    private readonly once: CreateOnce,
    private readonly answers: WriteAnswers,
  ) {}

  @Post(['posts', 'post/create'])
  @Publishes()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @RequireRoles('author')
  async create(
    @Headers('idempotency-key') keyHeader: string | undefined,
    @Body() input: CreatePostDto,
    @Req() request: FastifyRequest & AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteAnswer> {
    const principal = principalOf(request);
    const options: AcceptOptions = { lane: 'write', span: requestSpan(request.raw) };
    const key = readIdempotencyKey(keyHeader);
    const taken =
      key === undefined
        ? await this.createNew(principal, input, options)
        : await this.createKeyed(principal, input, key, options, reply);
    return this.answers.answer({ ...taken, request, reply });
  }

  private async createNew(
    principal: Principal,
    input: CreatePostDto,
    options: AcceptOptions,
  ): Promise<Taken> {
    const now = processClock.now();
    const postId = uuidV7(now);
    const command = buildCreateCommand({
      principal,
      postId,
      commandId: () => postId,
      authorId: principal.sub,
      input,
      now,
    });
    return { command, accepted: await this.acceptor.accept(command, options) };
  }

  private async createKeyed(
    principal: Principal,
    input: CreatePostDto,
    key: string,
    options: AcceptOptions,
    reply: FastifyReply,
  ): Promise<Taken> {
    const { replayed, ...taken } = await this.once.create({ principal, input, key }, options);
    if (replayed) void reply.header('Idempotency-Replayed', 'true');
    return taken;
  }
}
