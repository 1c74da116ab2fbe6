import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { principalOf, type AuthenticatedRequest } from '@spillway/auth';
import { foldTags, type PartialPostPage } from '@spillway/contracts';
import { presentPost, type SigningKeys, processClock } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { timeOf } from '../query-time.js';
import { sendPage } from '../pages/send-page.js';
import { etagOf, TenantPages } from '../pages/tenant-pages.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { cursorOf } from './cursor-of.js';
import { issueCursor } from './cursor.js';
import { findPosts } from './find-posts.js';
import { firstPage } from './first-page.js';
import { LIMIT_DEFAULT, ListPostsDto } from './list-posts.dto.js';
import type { PostFilter } from './post-filter.js';
import { fieldsOf, pickFields } from './post-fields.js';

export const CURSOR_KEYS = Symbol('cursor keys');

/** `GET /v1/posts`: newest first, page by page. */
@Controller('v1/posts')
export class ListPostsController {
  constructor(
    private readonly reads: TenantReads,
    private readonly pages: TenantPages,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: ListPostsDto,
    @Headers('consistency-token') token: string | undefined,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PartialPostPage | string | undefined> {
    const { tenant } = principalOf(request);
    const { limit = LIMIT_DEFAULT } = query;
    const filter = filterOf(tenant, query);
    const fields = fieldsOf(query.fields);
    const cursor = query.cursor === undefined ? undefined : cursorOf(this.keys, listOf(filter), query.cursor);
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const read = async (scope: ReadScope) => {
      const page = { filter, before: cursor?.last, limit, fields, now: processClock.now() };
      const { posts, next } = await findPosts(scope, page);
      const position = await scope.seenPosition();
      const items = posts.map((post) => pickFields(presentPost(post), fields));
      const nextCursor =
        next === null ? null : issueCursor(this.keys, listOf(filter), { last: next, position });
      // Without the cursor, which holds a position: pages of the same posts are the same.
      return { answer: { items, nextCursor }, versionedBy: [next, items] };
    };
    const cached = firstPage(query, limit);
    if (cached) {
      this.pages.addresses.learn(reply.request.url, cached);
      return sendPage(reply, await this.pages.read(tenant, cached, freshness, read), known);
    }
    const answer = await this.reads.read(tenant, freshness, read);
    describeAnswer(reply, answer);
    void reply.header('ETag', etagOf(answer.value.versionedBy));
    return answer.value.answer;
  }
}

/** @throws ProblemError (400) for a time that there is not. */
function filterOf(tenant: string, query: ListPostsDto): PostFilter {
  const { channelId, authorId, replyTo, tag, since, until } = query;
  return {
    tenant,
    channelId,
    authorId,
    replyTo,
    tag: tag === undefined ? undefined : foldTags([tag])[0],
    sinceMs: timeOf('since', since),
    untilMs: timeOf('until', until),
  };
}

/** What a cursor is bound to. Page size and fields may change from page to page, the list may not. */
const listOf = (filter: PostFilter): string =>
  JSON.stringify(
    [
      filter.tenant,
      filter.channelId,
      filter.authorId,
      filter.replyTo,
      filter.tag,
      filter.sinceMs,
      filter.untilMs,
    ].map((value) => value ?? null),
  );
