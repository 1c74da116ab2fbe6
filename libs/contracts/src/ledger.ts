import { ENVELOPE_MAX_COMMANDS } from './envelope.js';

/** What is known of a shard's accepted commands at one moment, in numbers of commands. */
export interface LedgerFigures {
  /** Unix milliseconds of the database's clock. */
  readonly at: number;
  /** Confirmed by the broker, as far as the gateways could tell: a lower bound. */
  readonly accepted: number;
  readonly committed: number;
  /** Carried out before: repeated by a client, or delivered again. */
  readonly duplicate: number;
  readonly superseded: number;
  /** Rejected, or discarded by an operator. */
  readonly failed: number;
  /** Set aside as dead letters, or about to be replayed. */
  readonly parked: number;
  /**
   * How many more commands are known to have ended than are known to be accepted: delivered and counted twice, or
   * confirmed to a gateway that never told. A lower bound that only grows, but for confirms told late.
   */
  readonly surplus: number;
}

/**
 * Accepted commands that are nowhere: 0 when balanced. The figures must be read in this order, or commands on
 * their way seem lost: `before`, then the queues, then `after`.
 * @param before what was accepted, and the surplus that must still be there: a loss uses it up.
 * @param messages in the broker's queues, those that writers hold included. A message may have many commands,
 * and how many is not known: so while there are messages, a gap that could be in them is none.
 */
export function ledgerGap(
  before: Pick<LedgerFigures, 'accepted' | 'surplus'>,
  messages: number,
  after: LedgerFigures,
): number {
  const ended = after.committed + after.duplicate + after.superseded + after.failed;
  const expected = before.accepted + before.surplus;
  return Math.max(0, expected - ended - after.parked - messages * ENVELOPE_MAX_COMMANDS);
}
