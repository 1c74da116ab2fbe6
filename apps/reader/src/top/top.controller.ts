import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { TopPosts } from '@spillway/contracts';
import { presentPost, processClock } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { LIMIT_DEFAULT } from '../posts/list-posts.dto.js';
import { isCachedSize } from '../pages/cached-sizes.js';
import { sendPage } from '../pages/send-page.js';
import { TenantPages, type PageSpec } from '../pages/tenant-pages.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findTop } from './find-top.js';
import { TopDto } from './top.dto.js';

/** The most replied of many hardly change within minutes; an edit or a deletion shows at once. */
const FRESH_MS = 300_000;
/** Any reply may change a list that is not full. */
const FRESH_WITH_FEW_MS = 5_000;

/** `GET /v1/posts/top`: the posts with the most replies in a window of time. */
@Controller('v1/posts/top')
export class TopController {
  constructor(
    private readonly reads: TenantReads,
    private readonly pages: TenantPages,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { window = '24h', limit = LIMIT_DEFAULT }: TopDto,
    @Headers('consistency-token') token: string | undefined,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TopPosts | string | undefined> {
    const freshness = this.reads.freshnessOf(tenant, token);
    const read = async (scope: ReadScope): Promise<TopPosts> => {
      const found = await findTop(scope, tenant, window, limit, processClock.now());
      return { window, items: found.map(({ post, replies }) => ({ post: presentPost(post), replies })) };
    };
    if (isCachedSize(limit)) {
      const spec: PageSpec = {
        ...{ view: 'top', params: [window, String(limit)] },
        ...{ outdatedBy: 'edits', freshMs: FRESH_MS },
      };
      this.pages.addresses.learn(reply.request.url, spec);
      const page = await this.pages.read(tenant, spec, freshness, async (scope) => {
        const answer = await read(scope);
        const few = answer.items.length < limit;
        return { answer, versionedBy: answer, ...(few ? { freshMs: FRESH_WITH_FEW_MS } : {}) };
      });
      return sendPage(reply, page, known);
    }
    const answer = await this.reads.read(tenant, freshness, read);
    describeAnswer(reply, answer);
    return answer.value;
  }
}
