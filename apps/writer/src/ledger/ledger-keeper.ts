import type { LedgerMirror, ToldAccepted } from '@spillway/cache';
import { readLedger, type Router, type Scope } from '@spillway/database';
import type { CommitFacts } from '../posts/commit-facts.js';
import { noteProgress, noteRun, purgeFacts } from './fact.store.js';
import { SurplusFinder } from './surplus.js';

export interface LedgerKeeperParts {
  readonly router: Router;
  readonly mirror: LedgerMirror;
  readonly facts: Pick<CommitFacts, 'flush'>;
  /** The name of this writer. */
  readonly writer: string;
  /** Whether this writer takes commands from the broker now. */
  readonly consuming: () => boolean;
  /** How long gateways may take to tell what they accepted, in ms; when left out, as they do. */
  readonly settleMs?: number;
}

const PURGE_EVERY_MS = 60_000;
/** Gateways tell within 5 s or say that they were late, and tell Redis again within 10 s. */
const SETTLE_MS = 30_000;

/** A restart of the same gateway is another source, so the greatest number of one is right whatever the order. */
const KEEP_ACCEPTED = `
  INSERT INTO ledger_accepted AS a (source, accepted, late)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS g(source, accepted, late) ORDER BY source
  ON CONFLICT (source) DO UPDATE SET accepted = excluded.accepted, late = excluded.late, at = clock_timestamp()
    WHERE a.accepted < excluded.accepted`;

/**
 * Brings the ledger of a shard together: what gateways told Redis goes to the database, where it stays, and what
 * the database has is told to Redis. Beside that, facts about writers and replicas that no batch could write.
 */
export class LedgerKeeper {
  /** What this writer has copied, by shard and source. */
  private readonly copied = new Map<string, number>();
  private readonly runs = new Map<string, string>();
  /** When each shard was purged last, in milliseconds of `performance.now()`. */
  private readonly purgedAt = new Map<string, number>();

  private readonly surplus: SurplusFinder;

  constructor(private readonly parts: LedgerKeeperParts) {
    this.surplus = new SurplusFinder(parts.settleMs ?? SETTLE_MS);
  }

  /** @throws what the database answers; the next look makes up for it. */
  async look(shard: string): Promise<void> {
    const { router, mirror, facts, consuming, writer } = this.parts;
    const askedAt = performance.now();
    const told = await mirror.accepted(shard);
    const news = [...(told.ok ? told.value : [])].filter(
      ([source, { accepted }]) => this.copied.get(`${shard} ${source}`) !== accepted,
    );
    await facts.flush(shard);
    const figures = await router.onPrimary(shard, async (scope) => {
      if (news.length > 0) await this.copy(scope, shard, news);
      if (consuming()) this.runs.set(shard, await noteRun(scope, writer, this.runs.get(shard)));
      await noteProgress(scope, router.replicaPositions(shard));
      await this.surplus.look(scope, shard, told.ok ? askedAt : undefined);
      return readLedger(scope);
    });
    await mirror.putFigures(shard, figures);
    const now = performance.now();
    if (now - (this.purgedAt.get(shard) ?? 0) < PURGE_EVERY_MS) return;
    this.purgedAt.set(shard, now);
    await router.onPrimary(shard, purgeFacts);
  }

  private async copy(
    scope: Scope,
    shard: string,
    news: readonly (readonly [string, ToldAccepted])[],
  ): Promise<void> {
    await scope.query(KEEP_ACCEPTED, [
      news.map(([source]) => source),
      news.map(([, { accepted }]) => accepted),
      news.map(([, { late }]) => late),
    ]);
    for (const [source, { accepted }] of news) this.copied.set(`${shard} ${source}`, accepted);
  }
}
