import { hash } from 'node:crypto';
import type { DatabaseView, Page, PageCache, PageEntry, PageRef } from '@spillway/cache';
import type { Position } from '@spillway/contracts';
import { atLeast, EVENTUAL, type Freshness, type ReadRouter, type ReadScope } from '@spillway/database/read';
import { ProblemError } from '@spillway/http';
import type { TenantReads } from '../tenant-reads.js';
import { Addresses } from './addresses.js';

/** Which answer of a tenant it is, and what outdates it. */
export type PageSpec = Omit<PageRef, 'shard' | 'tenantId'>;

/** What was read, and the part of it by which clients tell whether it is still the same. */
export interface PageContent {
  readonly answer: object;
  readonly versionedBy: unknown;
  /** Milliseconds that it counts as fresh, when that is less than for others of its view. */
  readonly freshMs?: number;
}

const HASH_CHARACTERS = 22;

/** Answers that are the same for everybody in a tenant: from the cache, or read from a database and kept there. */
export class TenantPages {
  /** Where pages have been asked for. */
  readonly addresses = new Addresses();

  constructor(
    private readonly cache: PageCache,
    private readonly reads: TenantReads,
  ) {}

  /** @throws ProblemError (503) when no database may answer now, and no cached answer may stand in. */
  async read(
    tenantId: string,
    spec: PageSpec,
    freshness: Freshness,
    fn: (scope: ReadScope) => Promise<PageContent>,
  ): Promise<Page> {
    const load = async (wanted: Freshness) => {
      const { value, ...answered } = await this.reads.read(tenantId, wanted, async (scope) => {
        // Before the page: what is committed while it is read need not be in it.
        const position = await scope.seenPosition();
        return { position, content: await fn(scope) };
      });
      const { answer, versionedBy, freshMs } = value.content;
      return {
        body: JSON.stringify(answer),
        etag: etagOf(versionedBy),
        position: value.position,
        ...answered,
        ...(freshMs === undefined ? {} : { freshMs }),
      };
    };
    if (freshness.mode === 'strong') return { ...(await load(freshness)), ageSeconds: 0 };
    return this.cache.get(this.refOf(tenantId, spec), neededBy(freshness), (position) =>
      load(position ? atLeast(position) : EVENTUAL),
    );
  }

  /** What `read` would answer with, when that needs nothing but the memory of this process. */
  atHand(tenantId: string, spec: PageSpec, freshness: Freshness): PageEntry | undefined {
    if (freshness.mode === 'strong') return undefined;
    return this.cache.atHand(this.refOf(tenantId, spec), neededBy(freshness));
  }

  private refOf(tenantId: string, spec: PageSpec): PageRef {
    return { ...spec, tenantId, shard: this.reads.shardOf(tenantId) };
  }
}

const neededBy = (freshness: Freshness): Position | undefined =>
  freshness.mode === 'atLeast' ? freshness.position : undefined;

/** Weak: a page that was read again has another cursor, and the same posts. */
export const etagOf = (content: unknown): string =>
  `W/"${hash('sha256', JSON.stringify(content), 'base64url').slice(0, HASH_CHARACTERS)}"`;

/** The databases, as far as the cache asks. */
export const databaseView = (
  router: Pick<ReadRouter, 'primaryPosition' | 'askPrimaryPosition'>,
): DatabaseView => ({
  primaryPosition: (shard): Position | undefined => router.primaryPosition(shard),
  askPrimaryPosition: (shard) => router.askPrimaryPosition(shard),
  failureOf: (error) => {
    if (!(error instanceof ProblemError)) return undefined;
    if (error.code === 'consistency_unavailable') return 'position';
    return error.code === 'database_unavailable' ? 'away' : undefined;
  },
});
