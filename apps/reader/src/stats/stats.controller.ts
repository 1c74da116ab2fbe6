import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal } from '@spillway/auth';
import type { Stats } from '@spillway/contracts';
import { processClock } from '@spillway/contracts/server';
import type { SigningKeys } from '@spillway/contracts/server';
import { issueChangeCursor } from '../changes/change-cursor.js';
import { CURSOR_KEYS } from '../posts/list-posts.controller.js';
import { timeOf } from '../query-time.js';
import { describeAnswer } from '../served-by.js';
import { TenantReads } from '../tenant-reads.js';
import { findStats } from './find-stats.js';
import { StatsDto } from './stats.dto.js';

const HOUR_MS = 3600_000;
const DEFAULT_HOURS = 24;

/** `GET /v1/stats`: the tenant's counts, and those of the last 24 hours or of the time asked for. */
@Controller('v1/stats')
export class StatsController {
  constructor(
    private readonly reads: TenantReads,
    @Inject(CURSOR_KEYS) private readonly keys: SigningKeys,
  ) {}

  @Get()
  async get(
    @CurrentPrincipal() { tenant }: Principal,
    @Query() { since, until }: StatsDto,
    @Headers('consistency-token') token: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Stats> {
    const untilMs = timeOf('until', until) ?? processClock.now() + HOUR_MS;
    const sinceMs = timeOf('since', since) ?? untilMs - (DEFAULT_HOURS + 1) * HOUR_MS;
    const answer = await this.reads.read(tenant, this.reads.freshnessOf(tenant, token), (scope) =>
      findStats(scope, tenant, sinceMs, untilMs),
    );
    describeAnswer(reply, answer);
    const { totals, hours, upTo, at } = answer.value;
    return {
      posts: totals.created - totals.deleted,
      ...totals,
      upTo: issueChangeCursor(this.keys, this.reads.shardOf(tenant), tenant, upTo),
      at: at.toISOString(),
      hours: hours.map(({ hour, ...counts }) => ({ hour: hour.toISOString(), ...counts })),
    };
  }
}
