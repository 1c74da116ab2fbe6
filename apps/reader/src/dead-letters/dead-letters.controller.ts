import { Controller, Get, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import { isUuid, type DeadLetterDetail, type DeadLetterPage } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { issueCursor } from '../posts/cursor.js';
import { cursorOf } from '../posts/cursor-of.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { timeOf } from '../query-time.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findLetter, findLetters, presentDetail, presentLetter } from './find-letters.js';
import { LIMIT_DEFAULT, ListLettersDto } from './list-letters.dto.js';

/** `GET /v1/dead-letters` and `/v1/dead-letters/{id}`, for operators, of their own tenant and without content. */
@Controller('v1/dead-letters')
@RequireRoles('operator')
export class DeadLettersController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { reason, state = 'open', since, until, limit = LIMIT_DEFAULT, cursor: text }: ListLettersDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeadLetterPage> {
    const sinceMs = timeOf('since', since);
    const untilMs = timeOf('until', until);
    const list = JSON.stringify([
      'dead-letters',
      tenant,
      state,
      reason ?? null,
      sinceMs ?? null,
      untilMs ?? null,
    ]);
    const cursor = cursorOf(this.keys, list, text);
    const filter = {
      tenant,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(untilMs === undefined ? {} : { untilMs }),
    };
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const answer = await this.reads.read(tenant, freshness, async (scope) => {
      const rows = await findLetters(scope, filter, cursor?.last, limit + 1);
      return { rows, position: await scope.seenPosition() };
    });
    describeAnswer(reply, answer);
    const { rows, position } = answer.value;
    const items = rows.slice(0, limit).map(presentLetter);
    const last = items.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { items, nextCursor: more ? issueCursor(this.keys, list, { last: last.id, position }) : null };
  }

  @Get(':id')
  async get(
    @CurrentPrincipal() { tenant }: Principal,
    @Param('id') id: string,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeadLetterDetail> {
    const letterId = id.toLowerCase();
    if (!isUuid(letterId)) throw notFound();
    const answer = await this.reads.read(tenant, this.reads.freshnessOf(tenant, token), (scope) =>
      findLetter(scope, tenant, letterId),
    );
    describeAnswer(reply, answer);
    if (!answer.value) throw notFound();
    return presentDetail(answer.value.letter, answer.value.actions);
  }
}

const notFound = (): ProblemError =>
  new ProblemError('not_found', 'There is no dead letter with this id for this tenant.');
