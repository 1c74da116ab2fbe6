import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { PostPage } from '@spillway/contracts';
import { presentPost, type SigningKeys } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { issueCursor, readCursor } from './cursor.js';
import { findPosts } from './find-posts.js';
import { LIMIT_DEFAULT, ListPostsDto } from './list-posts.dto.js';

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
    @Query() { channelId, authorId, limit = LIMIT_DEFAULT, cursor: cursorText }: ListPostsDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PostPage> {
    const list = JSON.stringify([tenant, channelId ?? null, authorId ?? null]);
    const cursor = cursorText === undefined ? null : readCursor(this.keys, list, cursorText);
    if (cursorText !== undefined && !cursor) {
      throw new ProblemError(
        'invalid_cursor',
        'The cursor is not of this list. Start again without one, or repeat the filters it came with.',
        {
          errors: [{ pointer: '?cursor', detail: 'must be the nextCursor of a page of the same list' }],
        },
      );
    }
    const filter = {
      tenant,
      ...(channelId === undefined ? {} : { channelId }),
      ...(authorId === undefined ? {} : { authorId }),
    };
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const answer = await this.reads.read(tenant, freshness, async (scope) => {
      const rows = await findPosts(scope, filter, cursor?.before, limit + 1, Date.now());
      return { rows, position: await scope.seenPosition() };
    });
    describeAnswer(reply, answer);
    const { rows, position } = answer.value;
    const items = rows.slice(0, limit).map(presentPost);
    const last = items.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { items, nextCursor: more ? issueCursor(this.keys, list, { before: last.id, position }) : null };
  }
}
