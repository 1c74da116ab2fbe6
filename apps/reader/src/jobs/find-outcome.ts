import { isErrorCode, type ErrorCode, type Position } from '@spillway/contracts';
import type { Ticket } from '@spillway/contracts/server';
import { CommandOutcomeEntity, PostEntity, type ReadScope } from '@spillway/database/read';

/** What the databases know of a command. */
export type KnownOutcome =
  | {
      readonly known: 'completed';
      readonly at: Date;
      readonly superseded: boolean;
      readonly traceId: string | null;
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
 * In this order: a final outcome; for a create, the row that carries its command id, tombstones too;
 * discarded is failed; parked; nothing. A row that another command created says nothing of this one.
 */
export async function findOutcome(scope: ReadScope, tenant: string, ticket: Ticket): Promise<KnownOutcome> {
  const outcome = await scope
    .select(CommandOutcomeEntity, 'o')
    .where('o.tenantId = :tenant AND o.commandId = :commandId', { tenant, commandId: ticket.commandId })
    .getOne();
  if (
    outcome &&
    (outcome.outcome === 'rejected' ||
      outcome.outcome === 'completed' ||
      outcome.outcome === 'superseded' ||
      outcome.outcome === 'alias')
  ) {
    return final(scope, outcome);
  }
  const row =
    ticket.kind === 'create'
      ? await scope
          .select(PostEntity, 'post')
          .where('post.tenantId = :tenant AND post.id = :postId', { tenant, postId: ticket.postId })
          .getOne()
      : null;
  if (row?.commandId === ticket.commandId) {
    return {
      known: 'completed',
      at: row.storedAt,
      superseded: false,
      traceId: row.traceId,
      position: await scope.seenPosition(),
    };
  }
  if (outcome?.outcome === 'discarded') return failed(outcome);
  return outcome ? { known: 'parked' } : { known: 'nothing' };
}

async function final(scope: ReadScope, outcome: CommandOutcomeEntity): Promise<KnownOutcome> {
  if (outcome.outcome === 'rejected') return failed(outcome);
  const superseded = outcome.outcome === 'superseded';
  return {
    known: 'completed',
    at: outcome.at,
    superseded,
    traceId: null,
    position: await scope.seenPosition(),
  };
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
