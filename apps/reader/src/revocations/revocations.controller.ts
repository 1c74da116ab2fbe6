import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, RequireRoles, type Principal } from '@spillway/auth';
import type { Revocation, RevocationPage } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import { RevokedTokenEntity, type ReadScope } from '@spillway/database/read';
import { ProblemError } from '@spillway/http';
import { issueCursor, readCursor } from '../posts/cursor.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { LIMIT_DEFAULT, ListRevocationsDto } from './list-revocations.dto.js';

/** `GET /v1/revocations`, for operators, of their own tenant: what is refused and has not expired long ago. */
@Controller('v1/revocations')
@RequireRoles('operator')
export class RevocationsController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { jti, limit = LIMIT_DEFAULT, cursor: text }: ListRevocationsDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevocationPage> {
    const list = JSON.stringify(['revocations', tenant, jti ?? null]);
    const cursor = text === undefined ? null : readCursor(this.keys, list, text);
    if (text !== undefined && !cursor) throw invalidCursor();
    const freshness = this.reads.freshnessOf(tenant, token, cursor?.position);
    const answer = await this.reads.read(tenant, freshness, async (scope) => {
      const rows = await findRevocations(scope, { tenant, jti }, cursor?.last, limit + 1);
      return { rows, position: await scope.seenPosition() };
    });
    describeAnswer(reply, answer);
    const { rows, position } = answer.value;
    const items = rows.slice(0, limit).map(present);
    const last = items.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { items, nextCursor: more ? issueCursor(this.keys, list, { last: last.id, position }) : null };
  }
}

/** The newest `limit` with an id below `before`, newest first. */
function findRevocations(
  scope: ReadScope,
  { tenant, jti }: { readonly tenant: string; readonly jti: string | undefined },
  before: string | undefined,
  limit: number,
): Promise<RevokedTokenEntity[]> {
  const query = scope.select(RevokedTokenEntity, 'token').where('token.tenantId = :tenant', { tenant });
  if (jti !== undefined) query.andWhere('token.jti = :jti', { jti });
  if (before !== undefined) query.andWhere('token.id < :before', { before });
  return query.orderBy('token.id', 'DESC').limit(limit).getMany();
}

const present = ({ id, jti, exp, actor, via, why, at }: RevokedTokenEntity): Revocation => ({
  id,
  jti,
  expiresAt: exp.toISOString(),
  who: actor,
  via,
  why,
  at: at.toISOString(),
});

const invalidCursor = (): ProblemError =>
  new ProblemError(
    'invalid_cursor',
    'The cursor is not of this list. Start again without one, or repeat the filters it came with.',
    { errors: [{ pointer: '?cursor', detail: 'must be the nextCursor of a page of the same list' }] },
  );
