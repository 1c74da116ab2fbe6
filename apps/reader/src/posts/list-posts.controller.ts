import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import { foldTags, type PartialPostPage } from '@spillway/contracts';
import { presentPost, type SigningKeys } from '@spillway/contracts/server';
import { timeOf } from '../query-time.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { cursorOf } from './cursor-of.js';
import { issueCursor } from './cursor.js';
import { findPosts } from './find-posts.js';
import { LIMIT_DEFAULT, ListPostsDto } from './list-posts.dto.js';
import type { PostFilter } from './post-filter.js';
import { fieldsOf, pickFields } from './post-fields.js';

export const CURSOR_KEYS = Symbol('cursor keys');

/** `GET /v1/posts`: newest first, page by page. */
@Controller('v1/posts')
export class ListPostsController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() query: ListPostsDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PartialPostPage> {
    const { limit = LIMIT_DEFAULT } = query;
    const filter = filterOf(tenant, query);
    const list = listOf(filter);
    const fields = fieldsOf(query.fields);
    const cursor = cursorOf(this.keys, list, query.cursor);
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const withContent = fields?.has('content') ?? true;
    const answer = await this.reads.read(tenant, freshness, async (scope) => ({
      ...(await findPosts(scope, { filter, before: cursor?.before, limit, withContent, now: Date.now() })),
      position: await scope.seenPosition(),
    }));
    describeAnswer(reply, answer);
    const { posts, next, position } = answer.value;
    return {
      items: posts.map((post) => pickFields(presentPost(post), fields)),
      nextCursor: next === null ? null : issueCursor(this.keys, list, { before: next, position }),
    };
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
