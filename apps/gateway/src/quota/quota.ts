import type { Principal } from '@spillway/auth';
import type { QuotaGateways, QuotaLeases } from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import { Allowance } from './allowance.js';
import { AllowanceStore } from './allowance-store.js';
import { QuotaDecision } from './quota-decision.js';
import type { QuotaLimits } from './quota-limits.js';

export interface QuotaOptions {
  readonly leases: Pick<QuotaLeases, 'take'>;
  readonly gateways: Pick<QuotaGateways, 'count'>;
  /** Length of a window. */
  readonly ttlMs: number;
  /** Of tenants that `overrides` does not name. */
  readonly defaults: QuotaLimits;
  readonly overrides: ReadonlyMap<string, QuotaLimits>;
  /** Unix milliseconds; the wall clock when left out. */
  readonly now?: () => number;
  /** Authors and tenants, each, whose count is kept in memory. */
  readonly maxSubjects?: number;
}

const MAX_SUBJECTS = 50_000;
/** A lease is at most this part of what is left, divided by the number of gateways. */
const PART = 4;
const ROUNDS_MAX = 5;

/**
 * Counts posts and changes of authors and of tenants. Each gateway spends what it has leased, and leases
 * more before that is gone; a request waits for Redis only when it outruns the lease, and never longer than
 * a call to Redis may take. Without Redis each gateway goes on with its part of the limits.
 */
export class Quota {
  private readonly authors: AllowanceStore;
  private readonly tenants: AllowanceStore;
  private readonly now: () => number;

  constructor(private readonly options: QuotaOptions) {
    const { ttlMs, maxSubjects = MAX_SUBJECTS, now = () => processClock.now() } = options;
    this.authors = new AllowanceStore(ttlMs, maxSubjects);
    this.tenants = new AllowanceStore(ttlMs, maxSubjects);
    this.now = now;
  }

  /**
   * Takes `posts` from what the caller and its tenant may still post, all or nothing. A batch takes as many
   * as it has items. The answer comes at once wherever the lease has them; `await` serves both.
   */
  take(
    { tenant, sub }: Pick<Principal, 'tenant' | 'sub'>,
    posts = 1,
  ): QuotaDecision | Promise<QuotaDecision> {
    const now = this.now();
    const gateways = this.options.gateways.count;
    const limits = this.options.overrides.get(tenant) ?? this.options.defaults;
    const ofAuthor =
      limits.author > 0 ? this.authors.of([tenant, sub], limits.author, now, gateways) : undefined;
    const ofTenant = limits.tenant > 0 ? this.tenants.of([tenant], limits.tenant, now, gateways) : undefined;
    if (enough(ofAuthor, posts) && enough(ofTenant, posts))
      return this.accept(ofAuthor, ofTenant, posts, now);
    return this.decide(ofAuthor, ofTenant, posts, now) ?? this.wait(ofAuthor, ofTenant, posts);
  }

  private accept(
    author: Allowance | undefined,
    tenant: Allowance | undefined,
    posts: number,
    now: number,
  ): QuotaDecision {
    for (const allowance of [author, tenant]) {
      allowance?.spend(posts);
      if (allowance?.runsLow(now)) void this.lease(allowance);
    }
    return new QuotaDecision({ author, tenant, posts, now, ttlMs: this.options.ttlMs });
  }

  /** What can be said without asking; undefined when Redis must be asked. */
  private decide(
    author: Allowance | undefined,
    tenant: Allowance | undefined,
    posts: number,
    now: number,
  ): QuotaDecision | undefined {
    for (const refusedBy of [author, tenant]) {
      if (!refusedBy || refusedBy.has(posts)) continue;
      if (refusedBy.exhausted(now) || posts > refusedBy.limit)
        return new QuotaDecision({ author, tenant, posts, now, ttlMs: this.options.ttlMs, refusedBy });
      return undefined;
    }
    return this.accept(author, tenant, posts, now);
  }

  private async wait(
    author: Allowance | undefined,
    tenant: Allowance | undefined,
    posts: number,
  ): Promise<QuotaDecision> {
    let lacking: Allowance | undefined;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      lacking = [author, tenant].find((allowance) => !enough(allowance, posts));
      if (lacking) {
        lacking.wanted += posts;
        await this.lease(lacking);
        lacking.wanted -= posts;
      }
      const now = this.now();
      author?.enter(now, this.options.gateways.count, false);
      tenant?.enter(now, this.options.gateways.count, false);
      const decision = this.decide(author, tenant, posts, now);
      if (decision) return decision;
    }
    const now = this.now();
    return new QuotaDecision({ author, tenant, posts, now, ttlMs: this.options.ttlMs, refusedBy: lacking });
  }

  private lease(allowance: Allowance): Promise<void> {
    allowance.asking ??= this.ask(allowance).finally(() => (allowance.asking = undefined));
    return allowance.asking;
  }

  private async ask(allowance: Allowance): Promise<void> {
    // All that is asked for in this turn of the event loop is one request to Redis.
    await Promise.resolve();
    const { leases, gateways, ttlMs } = this.options;
    const { terms, subject, source } = allowance;
    const { window, pool, held } = terms;
    const need = Math.max(1, allowance.wanted);
    const part = PART * gateways.count;
    const asked = { subject, source, window, pool, held, need, part, keepMs: 2 * ttlMs };
    const lease = await leases.take(asked);
    if (lease) allowance.granted(terms, lease.granted, lease.left);
    else allowance.unanswered(terms, this.now(), gateways.count);
  }
}

const enough = (allowance: Allowance | undefined, posts: number): boolean =>
  allowance === undefined || allowance.has(posts);
