import type { FastifyRequest } from 'fastify';
import { admitReader, type TokenVerifier } from '@spillway/auth';
import { ageSecondsOf, type PageEntry } from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import type { ReadyAnswer, Shortcut } from '@spillway/http';
import { isUnchanged } from '../if-none-match.js';
import { traceAnswer } from '../served-by.js';
import type { TenantReads } from '../tenant-reads.js';
import { readyPage, type ReadyPage } from './ready-page.js';
import type { PageSpec, TenantPages } from './tenant-pages.js';

export interface PagesAtHandOptions {
  readonly pages: Pick<TenantPages, 'addresses' | 'atHand'>;
  readonly reads: Pick<TenantReads, 'freshnessOf'>;
  readonly verifier: Pick<TokenVerifier, 'remembered'>;
}

/**
 * Answers pages that this process holds before their route is entered, to callers whose token it has verified before,
 * as the route would. Whatever needs a look at anything else is the route's.
 */
export class PagesAtHand {
  private readonly ready = new WeakMap<PageEntry, ReadyPage>();

  constructor(private readonly options: PagesAtHandOptions) {}

  readonly shortcut: Shortcut = (request) => {
    const { method, url } = request.raw;
    const spec = method === 'GET' && url !== undefined ? this.options.pages.addresses.specAt(url) : undefined;
    return spec && this.answer(request, spec);
  };

  private answer(request: FastifyRequest, spec: PageSpec): ReadyAnswer | undefined {
    const { pages, reads, verifier } = this.options;
    const principal = admitReader(request, verifier);
    if (!principal) return undefined;
    const { 'consistency-token': token, 'if-none-match': known } = request.headers;
    if (Array.isArray(token)) return undefined;
    const entry = pages.atHand(principal.tenant, spec, reads.freshnessOf(principal.tenant, token));
    if (!entry) return undefined;
    traceAnswer(request, { servedBy: 'cache' });
    const { whole, unchanged, strongTag } = this.readyOf(entry);
    return known !== undefined && isUnchanged(known, strongTag) ? unchanged : whole;
  }

  /** The same for everybody within a second. */
  private readyOf(entry: PageEntry): ReadyPage {
    const ageSeconds = ageSecondsOf(entry, processClock.now());
    const made = this.ready.get(entry);
    if (made?.ageSeconds === ageSeconds) return made;
    const ready = readyPage(entry, ageSeconds, made);
    this.ready.set(entry, ready);
    return ready;
  }
}
