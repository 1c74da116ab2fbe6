import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { TopPosts } from '@spillway/contracts';
import { presentPost } from '@spillway/contracts/server';
import { LIMIT_DEFAULT } from '../posts/list-posts.dto.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findTop } from './find-top.js';
import { TopDto } from './top.dto.js';

/** `GET /v1/posts/top`: the posts with the most replies in a window of time. */
@Controller('v1/posts/top')
export class TopController {
  constructor(private readonly reads: TenantReads) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { window = '24h', limit = LIMIT_DEFAULT }: TopDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TopPosts> {
    const answer = await this.reads.read(tenant, this.reads.freshnessOf(tenant, token), (scope) =>
      findTop(scope, tenant, window, limit, Date.now()),
    );
    describeAnswer(reply, answer);
    return {
      window,
      items: answer.value.map(({ post, replies }) => ({ post: presentPost(post), replies })),
    };
  }
}
