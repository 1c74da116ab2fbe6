import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { TagPage } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import type { ReadScope } from '@spillway/database/read';
import { cursorOf } from '../posts/cursor-of.js';
import { issueCursor } from '../posts/cursor.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { LIMIT_DEFAULT } from '../posts/list-posts.dto.js';
import { isCachedSize } from '../pages/cached-sizes.js';
import { sendPage } from '../pages/send-page.js';
import { TenantPages, type PageSpec } from '../pages/tenant-pages.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findTags } from './find-tags.js';
import { TagsDto } from './tags.dto.js';

/** Tags follow their posts by a moment, so a page may be read just before they do. */
const FRESH_MS = 10_000;

/** `GET /v1/tags`: the tags that posts carry, by how they begin. */
@Controller('v1/tags')
export class TagsController {
  constructor(
    private readonly reads: TenantReads,
    private readonly pages: TenantPages,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { prefix = '', limit = LIMIT_DEFAULT, cursor: text }: TagsDto,
    @Headers('consistency-token') token: string | undefined,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TagPage | string | undefined> {
    const folded = prefix.toLowerCase();
    const list = JSON.stringify(['tags', tenant, folded]);
    const cursor = cursorOf(this.keys, list, text);
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const read = async (scope: ReadScope): Promise<TagPage> => {
      const tags = await findTags(scope, tenant, folded, cursor?.last, limit + 1);
      const position = await scope.seenPosition();
      const items = tags.slice(0, limit);
      const last = items.at(-1);
      const more = tags.length > limit && last !== undefined;
      return { items, nextCursor: more ? issueCursor(this.keys, list, { last: last.tag, position }) : null };
    };
    if (!cursor && isCachedSize(limit)) {
      const spec: PageSpec = {
        ...{ view: 'tags', params: [folded, String(limit)] },
        ...{ outdatedBy: 'tenant', freshMs: FRESH_MS },
      };
      this.pages.addresses.learn(reply.request.url, spec);
      const page = await this.pages.read(tenant, spec, freshness, async (scope) => {
        const answer = await read(scope);
        // Without the cursor, which holds a position: pages of the same tags are the same.
        return { answer, versionedBy: [answer.nextCursor === null, answer.items] };
      });
      return sendPage(reply, page, known);
    }
    const answer = await this.reads.read(tenant, freshness, read);
    describeAnswer(reply, answer);
    return answer.value;
  }
}
