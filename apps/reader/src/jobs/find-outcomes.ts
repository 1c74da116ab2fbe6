import { isErrorCode, type ErrorCode, type Position } from '@spillway/contracts';
import type { Ticket } from '@spillway/contracts/server';
import {
  CommandOutcomeEntity,
  PostEntity,
  type ReadScope,
  type StoredOutcome,
} from '@spillway/database/read';

/** What the databases know of a command. */
export type KnownOutcome =
  | {
      readonly known: 'completed';
      readonly at: Date;
      readonly superseded: boolean;
      readonly traceId: string | null;
      /** Another post than the ticket's when the command repeated an earlier request. */
      readonly postId: string;
      readonly position: Position;
    }
  | {
      readonly known: 'failed';
      readonly at: Date;
      readonly code: ErrorCode;
      readonly detail: string;
      /** False for what an operator discarded: it may still be replayed. */
      readonly final: boolean;
    }
  | { readonly known: 'parked' }
  | { readonly known: 'nothing' };

/**
 * One outcome a ticket, in order. Of each: a final outcome; for a create, the row that carries its command
 * id, tombstones too; discarded is failed; parked; nothing. A row that another command created says
 * nothing of this one.
 */
export async function findOutcomes(
  scope: ReadScope,
  tenant: string,
  tickets: readonly Ticket[],
): Promise<readonly KnownOutcome[]> {
  const outcomes = await storedOutcomes(scope, tenant, tickets);
  const rows = await createdRows(
    scope,
    tenant,
    tickets.filter(({ kind, commandId }) => kind === 'create' && !isFinal(outcomes.get(commandId))),
  );
  // Read after the statements above, so that it contains whatever they saw.
  const position = outcomes.size + rows.size > 0 ? await scope.seenPosition() : undefined;
  return tickets.map((ticket): KnownOutcome => {
    const outcome = outcomes.get(ticket.commandId);
    if (outcome && position && isFinal(outcome)) return final(outcome, position);
    const row = rows.get(ticket.postId);
    if (position && row?.commandId === ticket.commandId) {
      const { storedAt: at, traceId, id: postId } = row;
      return { known: 'completed', at, superseded: false, traceId, postId, position };
    }
    if (outcome?.outcome === 'discarded') return failed(outcome);
    return outcome ? { known: 'parked' } : { known: 'nothing' };
  });
}

async function storedOutcomes(
  scope: ReadScope,
  tenant: string,
  tickets: readonly Ticket[],
): Promise<ReadonlyMap<string, CommandOutcomeEntity>> {
  const found = await scope
    .select(CommandOutcomeEntity, 'o')
    .where('o.tenantId = :tenant AND o.commandId IN (:...ids)', {
      tenant,
      ids: tickets.map(({ commandId }) => commandId),
    })
    .getMany();
  return new Map(found.map((outcome) => [outcome.commandId, outcome]));
}

/** The bounds let the planner skip partitions, which a list of ids alone does not. */
async function createdRows(
  scope: ReadScope,
  tenant: string,
  tickets: readonly Ticket[],
): Promise<ReadonlyMap<string, PostEntity>> {
  if (tickets.length === 0) return new Map();
  const ids = tickets.map(({ postId }) => postId).sort();
  const found = await scope
    .select(PostEntity, 'post')
    .where('post.tenantId = :tenant AND post.id IN (:...ids) AND post.id BETWEEN :low AND :high', {
      tenant,
      ids,
      low: ids[0],
      high: ids.at(-1),
    })
    .getMany();
  return new Map(found.map((row) => [row.id, row]));
}

const FINAL: ReadonlySet<StoredOutcome> = new Set(['rejected', 'completed', 'superseded', 'alias']);
const isFinal = (outcome: CommandOutcomeEntity | undefined): boolean =>
  outcome !== undefined && FINAL.has(outcome.outcome);

function final(outcome: CommandOutcomeEntity, position: Position): KnownOutcome {
  if (outcome.outcome === 'rejected') return failed(outcome);
  const superseded = outcome.outcome === 'superseded';
  return { known: 'completed', at: outcome.at, superseded, traceId: null, postId: outcome.postId, position };
}

function failed(outcome: CommandOutcomeEntity): KnownOutcome {
  const code: ErrorCode =
    outcome.code !== null && isErrorCode(outcome.code)
      ? outcome.code
      : outcome.outcome === 'discarded'
        ? 'discarded'
        : 'invalid_command';
  const final = outcome.outcome === 'rejected';
  return { known: 'failed', at: outcome.at, code, detail: outcome.detail ?? 'The command failed.', final };
}
