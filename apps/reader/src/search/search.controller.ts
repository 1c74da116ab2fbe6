import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { SearchPage } from '@spillway/contracts';
import { presentPost, type SigningKeys, processClock } from '@spillway/contracts/server';
import { cursorOf } from '../posts/cursor-of.js';
import { issueCursor } from '../posts/cursor.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { LIMIT_DEFAULT } from '../posts/list-posts.dto.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findMatches } from './find-matches.js';
import { SearchDto } from './search.dto.js';
import { snippetParts } from './snippet.js';

/** `GET /v1/search`: posts by their words, newest first, with the places where they stand. */
@Controller('v1/search')
export class SearchController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { q, limit = LIMIT_DEFAULT, cursor: text }: SearchDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SearchPage> {
    const list = JSON.stringify(['search', tenant, q]);
    const cursor = cursorOf(this.keys, list, text);
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const answer = await this.reads.read(tenant, freshness, async (scope) => ({
      ...(await findMatches(scope, { tenant, q, before: cursor?.last, limit, now: processClock.now() })),
      position: await scope.seenPosition(),
    }));
    describeAnswer(reply, answer);
    const { matches, next, position } = answer.value;
    return {
      items: matches.map(({ post, marked }) => ({ post: presentPost(post), snippet: snippetParts(marked) })),
      nextCursor: next === null ? null : issueCursor(this.keys, list, { last: next, position }),
    };
  }
}
