import type { Scope } from '@spillway/database';

/**
 * Commands that have ended for good: whatever happens to them next, they stay counted. Left out is what a replay
 * may count twice while it is under way, and operators' own commands, which nobody counts as accepted: of those
 * that came by the command line none is counted when it is carried out.
 */
const ENDED = `
  SELECT (coalesce(sum(committed + duplicate + superseded + failed), 0) +
    (SELECT count(*) FROM dead_letters
     WHERE state = 'open' AND reason <> 'undecodable' AND kind LIKE 'post.%'))::text AS ended
  FROM ledger`;

/** A row that has as much is not written. */
const RAISE = `
  UPDATE ledger_surplus s SET surplus = seen.surplus, at = clock_timestamp()
  FROM (SELECT $1::bigint - coalesce(sum(accepted), 0) + coalesce(sum(late), 0) AS surplus FROM ledger_accepted) seen
  WHERE s.surplus < seen.surplus`;

interface Seen {
  readonly at: number;
  readonly ended: number;
}

/**
 * Finds how many more commands have ended than were accepted: what had ended some time ago, less what is known as
 * accepted now. By now gateways have told of all that had ended then, or tell of it as late. New commands make
 * it less than it is, never more, so the greatest that was ever found is the best.
 */
export class SurplusFinder {
  private readonly seen = new Map<string, readonly Seen[]>();

  /** @param settleMs how long gateways may take to tell, Redis losing it once included. */
  constructor(private readonly settleMs: number) {}

  /**
   * @param knownAt when what gateways told was read, in milliseconds of `performance.now()`, before it was copied
   * to the database; undefined when it could not be read: then nothing is known until it has been for a while.
   */
  async look(scope: Scope, shard: string, knownAt: number | undefined): Promise<void> {
    if (knownAt === undefined) {
      this.seen.delete(shard);
      return;
    }
    const seen = this.seen.get(shard) ?? [];
    const settled = seen.findLast(({ at }) => at <= knownAt - this.settleMs);
    if (settled) await scope.query(RAISE, [settled.ended]);
    const [row] = await scope.query<{ readonly ended: string }>(ENDED);
    const kept = seen.filter((one) => one === settled || one.at > (settled?.at ?? -Infinity));
    this.seen.set(shard, [...kept, { at: performance.now(), ended: Number(row?.ended) }]);
  }
}
