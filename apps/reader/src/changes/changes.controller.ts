import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { Change, ChangePage } from '@spillway/contracts';
import { presentPost, type SigningKeys } from '@spillway/contracts/server';
import { ProblemError } from '@spillway/http';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { issueChangeCursor, readChangeCursor, type FeedPlace } from './change-cursor.js';
import { CHANGES_MAX, ChangesDto } from './changes.dto.js';
import { findChanges, placeOfNow, type FoundChanges, type StoredChange } from './find-changes.js';

const NOW = 'now';

/** `GET /v1/changes`: what happened to the tenant's posts, in the order of commits. */
@Controller('v1/changes')
export class ChangesController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { after, limit = CHANGES_MAX }: ChangesDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChangePage> {
    const shard = this.reads.shardOf(tenant);
    const from = after === undefined || after === NOW ? undefined : this.placeOf(shard, tenant, after);
    const answer = await this.reads.read(tenant, this.reads.freshnessOf(tenant, token), async (scope) => {
      const found: FoundChanges | null =
        after === NOW
          ? { changes: [], place: await placeOfNow(scope), more: false }
          : await findChanges(scope, tenant, from, limit);
      return { found, position: await scope.seenPosition() };
    });
    describeAnswer(reply, answer);
    const { found, position } = answer.value;
    if (!found) throw expired();
    void reply.header('Consistency-Token', this.reads.tokenOf(position));
    return {
      items: found.changes.map(presentChange),
      cursor: issueChangeCursor(this.keys, shard, tenant, found.place),
      more: found.more,
    };
  }

  private placeOf(shard: string, tenant: string, text: string): FeedPlace {
    const place = readChangeCursor(this.keys, shard, tenant, text);
    if (place) return place;
    throw new ProblemError(
      'invalid_cursor',
      'The cursor is not one of your changes. Start again without one.',
      {
        errors: [{ pointer: '?after', detail: 'must be the cursor of an earlier answer, or now' }],
      },
    );
  }
}

const presentChange = ({ created, deleted, postId, at, post }: StoredChange): Change => ({
  type: deleted ? 'deleted' : created ? 'created' : 'edited',
  postId,
  at: at.toISOString(),
  post: post ? presentPost(post) : null,
});

const expired = (): ProblemError =>
  new ProblemError(
    'cursor_expired',
    'Changes after this cursor are no longer kept. Take a new cursor by after=now, then read every post.',
  );
