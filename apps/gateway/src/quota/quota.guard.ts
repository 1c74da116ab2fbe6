import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { AuthenticatedRequest, Principal } from '@spillway/auth';
import { meters } from '@spillway/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { COUNTED_BY_HANDLER } from './counted-by-handler.js';
import type { QuotaDecision } from './quota-decision.js';
import { Quota } from './quota.js';

/** A request that has been counted; `giveBackUnused` looks here. */
export type CountedRequest = FastifyRequest & AuthenticatedRequest & { quota?: QuotaDecision };

/**
 * Counts every request that changes something as one post, before its body is validated. Routes that carry
 * several posts are marked `@CountedByHandler()` and call `count` themselves.
 */
@Injectable()
export class QuotaGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly quota: Quota,
  ) {}

  /** @throws ProblemError 429; Error when nobody has said who is calling. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.getArgByIndex<CountedRequest>(0);
    const { principal, method } = request;
    if (method === 'GET' || method === 'HEAD') return true;
    if (this.reflector.get<boolean | undefined>(COUNTED_BY_HANDLER, context.getHandler())) return true;
    if (!principal) throw new Error('a request that changes something was counted before its token was read');
    const reply = context.getArgByIndex<FastifyReply>(1);
    const counted = this.count(request, reply, principal, 1);
    return counted === undefined ? true : counted.then(() => true);
  }

  /**
   * Counts `posts` for the request, and puts the headers on its answer. If the answer is a failure of ours
   * without effect (5xx but 504), they are given back when it is sent.
   * @throws ProblemError 429: nothing was counted and nothing may be done.
   */
  count(
    request: CountedRequest,
    reply: FastifyReply,
    principal: Principal,
    posts: number,
  ): Promise<void> | undefined {
    const decision = this.quota.take(principal, posts);
    if (decision instanceof Promise) return decision.then((late) => settle(request, reply, late, posts));
    settle(request, reply, decision, posts);
    return undefined;
  }
}

function settle(request: CountedRequest, reply: FastifyReply, decision: QuotaDecision, posts: number): void {
  if (!decision.accepted) {
    meters().postsRefused.add(posts, { reason: 'quota_exceeded' });
    throw decision.problem;
  }
  request.quota = decision;
  void reply.headers(decision.headers);
}
