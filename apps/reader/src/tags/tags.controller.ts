import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { TagPage } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import { cursorOf } from '../posts/cursor-of.js';
import { issueCursor } from '../posts/cursor.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { LIMIT_DEFAULT } from '../posts/list-posts.dto.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findTags } from './find-tags.js';
import { TagsDto } from './tags.dto.js';

/** `GET /v1/tags`: the tags that posts carry, by how they begin. */
@Controller('v1/tags')
export class TagsController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { prefix = '', limit = LIMIT_DEFAULT, cursor: text }: TagsDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TagPage> {
    const folded = prefix.toLowerCase();
    const list = JSON.stringify(['tags', tenant, folded]);
    const cursor = cursorOf(this.keys, list, text);
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const answer = await this.reads.read(tenant, freshness, async (scope) => ({
      tags: await findTags(scope, tenant, folded, cursor?.last, limit + 1),
      position: await scope.seenPosition(),
    }));
    describeAnswer(reply, answer);
    const { tags, position } = answer.value;
    const items = tags.slice(0, limit);
    const last = items.at(-1);
    const more = tags.length > limit && last !== undefined;
    return { items, nextCursor: more ? issueCursor(this.keys, list, { last: last.tag, position }) : null };
  }
}
