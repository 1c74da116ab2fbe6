import type { LedgerFigures } from '@spillway/contracts/server';
import type { Scope } from './scope.js';

/** One statement, so that all figures are of one moment. */
const FIGURES = `
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS at,
    (SELECT coalesce(sum(accepted), 0) FROM ledger_accepted)::text AS accepted,
    coalesce(sum(committed), 0)::text AS committed, coalesce(sum(duplicate), 0)::text AS duplicate,
    coalesce(sum(superseded), 0)::text AS superseded, coalesce(sum(failed), 0)::text AS failed,
    (SELECT count(*) FROM dead_letters WHERE state IN ('open', 'replaying') AND reason <> 'undecodable')::text AS parked,
    (SELECT greatest(0, (SELECT surplus FROM ledger_surplus) - coalesce(sum(late), 0)) FROM ledger_accepted)::text AS surplus
  FROM ledger`;

/** The ledger of the scope's shard as it stands. */
export async function readLedger(scope: Scope): Promise<LedgerFigures> {
  const [row] = await scope.query<Record<keyof LedgerFigures, string>>(FIGURES);
  if (!row) throw new Error('the database told no ledger');
  return {
    at: Number(row.at),
    accepted: Number(row.accepted),
    committed: Number(row.committed),
    duplicate: Number(row.duplicate),
    superseded: Number(row.superseded),
    failed: Number(row.failed),
    parked: Number(row.parked),
    surplus: Number(row.surplus),
  };
}
