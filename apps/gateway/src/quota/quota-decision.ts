import { ProblemError } from '@spillway/http';
import type { Allowance } from './allowance.js';

interface Parts {
  readonly author: Allowance | undefined;
  readonly tenant: Allowance | undefined;
  readonly posts: number;
  readonly now: number;
  readonly ttlMs: number;
  readonly refusedBy?: Allowance | undefined;
}

/** What `Quota.take` says. */
export class QuotaDecision {
  /** False: nothing was taken, and nothing may be done. */
  readonly accepted: boolean;
  private readonly authorWindow: number | undefined;
  private readonly tenantWindow: number | undefined;

  constructor(private readonly parts: Parts) {
    this.accepted = parts.refusedBy === undefined;
    this.authorWindow = parts.author?.current;
    this.tenantWindow = parts.tenant?.current;
  }

  /**
   * `RateLimit-Policy` and `RateLimit` for the answer, whichever it is; none where there is no limit.
   * Source: draft-ietf-httpapi-ratelimit-headers-11. What is left is what this gateway knows of it.
   */
  get headers(): Record<string, string> {
    const { author, tenant, now, ttlMs } = this.parts;
    const seconds = Math.ceil(ttlMs / 1000);
    let policies = '';
    let limits = '';
    if (author) {
      policies = `"author";q=${author.limit};w=${seconds}`;
      limits = `"author";r=${author.remaining};t=${author.secondsLeft(now)}`;
    }
    if (tenant) {
      const comma = author ? ', ' : '';
      policies += `${comma}"tenant";q=${tenant.limit};w=${seconds}`;
      limits += `${comma}"tenant";r=${tenant.remaining};t=${tenant.secondsLeft(now)}`;
    }
    return policies === '' ? {} : { 'ratelimit-policy': policies, ratelimit: limits };
  }

  /** The answer 429, for a decision that is not `accepted`. */
  get problem(): ProblemError {
    const { refusedBy, tenant, posts, now, ttlMs } = this.parts;
    if (!refusedBy) throw new Error('a quota that was granted has no problem');
    const whose = refusedBy === tenant ? 'The tenant' : 'This author';
    const what = `${whose} may post and change ${refusedBy.limit} times in ${Math.ceil(ttlMs / 1000)} s`;
    const rest = posts > 1 ? `, and fewer than the ${posts} of this request are left` : ', and none is left';
    return new ProblemError(
      'quota_exceeded',
      `${what}${rest}. Nothing was accepted; send it again after Retry-After.`,
      {
        retryAfterSeconds: refusedBy.secondsLeft(now),
        headers: this.headers,
      },
    );
  }

  /** Gives back what was taken, all of it or `posts`, because it certainly had no effect. */
  giveBack(posts = this.parts.posts): void {
    const { author, tenant } = this.parts;
    if (!this.accepted) return;
    if (this.authorWindow !== undefined) author?.giveBack(this.authorWindow, posts);
    if (this.tenantWindow !== undefined) tenant?.giveBack(this.tenantWindow, posts);
  }
}
