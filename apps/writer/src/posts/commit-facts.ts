import type { Position } from '@spillway/contracts';
import type { Router } from '@spillway/database';

/** When and where a transaction was committed. */
interface CommitFact {
  readonly xid: string;
  readonly at: number;
  readonly timeline: number;
  readonly lsn: string;
}

/** Facts beyond these are forgotten while the database takes none: the batches stay without them. */
const HELD_MAX = 5_000;

const RECORD = `
  UPDATE batches b SET committed_at = to_timestamp(g.at / 1000.0), timeline = g.timeline, lsn = g.lsn
  FROM unnest($1::xid8[], $2::float8[], $3::int[], $4::pg_lsn[]) AS g(xid, at, timeline, lsn)
  WHERE b.xid = g.xid`;

/**
 * Adds to the batches' rows what is known only after their commit. In statements of their own, behind the
 * writing: a crash loses the facts of the last second, and nothing else.
 */
export class CommitFacts {
  private readonly waiting = new Map<string, CommitFact[]>();

  constructor(private readonly router: Router) {}

  committed(
    shard: string,
    { xid, position }: { readonly xid: string; readonly position: Position },
    at: number,
  ): void {
    const facts = this.waiting.get(shard) ?? [];
    if (facts.length >= HELD_MAX) return;
    facts.push({ xid, at, timeline: position.timeline, lsn: toPgLsn(position.lsn) });
    this.waiting.set(shard, facts);
  }

  /** Records what waits for a shard. What the database does not take is tried again the next time. */
  async flush(shard: string): Promise<void> {
    const facts = [...(this.waiting.get(shard) ?? [])];
    if (facts.length === 0) return;
    await this.router.onPrimary(shard, (scope) =>
      scope.query(RECORD, [
        facts.map(({ xid }) => xid),
        facts.map(({ at }) => at),
        facts.map(({ timeline }) => timeline),
        facts.map(({ lsn }) => lsn),
      ]),
    );
    this.waiting.set(shard, (this.waiting.get(shard) ?? []).slice(facts.length));
  }
}

/** As Postgres writes a position: two hexadecimal halves. */
export const toPgLsn = (lsn: string): string => `${lsn.slice(0, 8)}/${lsn.slice(8)}`;
