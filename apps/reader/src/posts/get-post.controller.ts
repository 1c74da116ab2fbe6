import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { principalOf, type AuthenticatedRequest } from '@spillway/auth';
import { isUuid, type Post } from '@spillway/contracts';
import { etagOf, presentPost } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { selectByIds } from './select-posts.js';

/** `GET /v1/posts/{id}`. Another tenant's post is not there. */
@Controller('v1/posts')
export class GetPostController {
  constructor(private readonly reads: TenantReads) {}

  @Get(':id')
  async get(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Post> {
    const { tenant } = principalOf(request);
    const postId = id.toLowerCase();
    if (!isUuid(postId)) throw notFound();
    const answer = await this.reads.read(tenant, this.reads.freshnessOf(tenant, token), (scope) =>
      selectByIds(scope, [postId], [], { filter: { tenant }, limit: 1 }),
    );
    describeAnswer(reply, answer);
    const [stored] = answer.value;
    if (!stored) throw notFound();
    const post = presentPost(stored);
    void reply.header('ETag', etagOf(stored, post));
    return post;
  }
}

const notFound = (): ProblemError =>
  new ProblemError(
    'not_found',
    'There is no post with this id, or it is not readable yet: send the Consistency-Token of its job.',
  );
