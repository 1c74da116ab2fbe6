import { ERROR_CODES } from '@spillway/contracts';
import type { DeadLetterAction, DeadLetterState } from '@spillway/contracts';
import { addToLedger } from '../posts/batch.store.js';
import type { Scope, StoredOutcome } from '@spillway/database';

/** A dead letter under lock, as the decisions about it change it. */
export interface LockedLetter {
  readonly id: string;
  /** Null when the message could not be read. */
  readonly command: { readonly tenantId: string; readonly commandId: string; readonly postId: string } | null;
  /** What is recorded of its command, or null when nothing is. */
  readonly outcome: StoredOutcome | null;
  /** Why it is here. */
  readonly reason: string;
  /** The state it was found in. */
  readonly was: DeadLetterState;
  state: DeadLetterState;
  changed: boolean;
}

interface Row {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly command_id: string | null;
  readonly post_id: string | null;
  readonly state: DeadLetterState;
  readonly reason: string;
  readonly outcome: StoredOutcome | null;
}

/** In the order of their ids, so that two writers cannot meet crosswise. */
const LOCK_LETTERS = `
  SELECT d.id, d.tenant_id, d.command_id, d.post_id, d.state, d.reason, o.outcome
  FROM dead_letters d
  LEFT JOIN command_outcomes o ON o.tenant_id = d.tenant_id AND o.command_id = d.command_id
  WHERE d.id = ANY($1::uuid[])
  ORDER BY d.id
  FOR UPDATE OF d`;

/** Locks the letters with these ids, and returns those that are there, by id. */
export async function lockLetters(
  scope: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LockedLetter>> {
  const rows = await scope.query<Row>(LOCK_LETTERS, [ids]);
  return new Map(
    rows.map(
      ({ id, tenant_id: tenantId, command_id: commandId, post_id: postId, state, reason, outcome }) => [
        id,
        {
          id,
          command: tenantId && commandId && postId ? { tenantId, commandId, postId } : null,
          outcome,
          reason,
          was: state,
          state,
          changed: false,
        },
      ],
    ),
  );
}

const UPDATE_LETTERS = `
  UPDATE dead_letters d
  SET state = g.state, resolved_at = CASE WHEN g.state = 'replaying' THEN NULL ELSE clock_timestamp() END
  FROM unnest($1::uuid[], $2::text[]) AS g(id, state)
  WHERE d.id = g.id`;

/** An operator's job is final, but what it gives up may still be overtaken by the command's real end. */
const DISCARD_COMMANDS = `
  INSERT INTO command_outcomes (tenant_id, command_id, outcome, code, detail, post_id)
  SELECT DISTINCT tenant_id, command_id, 'discarded', 'discarded', $4, post_id
  FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS g(tenant_id, command_id, post_id)
  ORDER BY 1, 2
  ON CONFLICT (tenant_id, command_id) DO UPDATE
    SET outcome = excluded.outcome, code = excluded.code, detail = excluded.detail, at = clock_timestamp()
    WHERE command_outcomes.outcome = 'parked'`;

/** Stores the new states; the commands of what was discarded fail with it. */
export async function storeLetters(scope: Scope, letters: Iterable<LockedLetter>): Promise<void> {
  const changed = [...letters].filter((letter) => letter.changed);
  if (changed.length === 0) return;
  await scope.query(UPDATE_LETTERS, [changed.map(({ id }) => id), changed.map(({ state }) => state)]);
  await scope.query(addToLedger('letters', ended(changed)));
  const discarded = changed.flatMap(({ state, command }) =>
    state === 'discarded' && command ? [command] : [],
  );
  if (discarded.length === 0) return;
  await scope.query(DISCARD_COMMANDS, [
    discarded.map(({ tenantId }) => tenantId),
    discarded.map(({ commandId }) => commandId),
    discarded.map(({ postId }) => postId),
    ERROR_CODES.discarded.title,
  ]);
}

/**
 * What letters that leave the parked ones add to the ledger. A replay goes on to the queue, and counts when its
 * command ends; a discarded letter that is replayed no longer counts as failed.
 */
function ended(letters: readonly LockedLetter[]) {
  const counted = letters.filter(({ reason }) => reason !== 'undecodable');
  const moved = (from: (was: DeadLetterState) => boolean, to: (state: DeadLetterState) => boolean): number =>
    counted.filter(({ was, state }) => from(was) && to(state)).length;
  const any = (): boolean => true;
  const given = (state: DeadLetterState): boolean => state === 'discarded';
  return {
    committed: 0,
    duplicate: moved(any, (state) => state === 'replayed'),
    superseded: 0,
    failed: moved(any, given) - moved(given, any),
  };
}

/** One action as it is recorded. */
export interface ActionRecord {
  readonly letterId: string;
  readonly actionId: string;
  /** Of the letter. */
  readonly tenantId: string | null;
  readonly action: DeadLetterAction['action'];
  readonly actor: string;
  readonly via: DeadLetterAction['via'];
  readonly why: string;
  readonly result: DeadLetterAction['result'];
  readonly detail: string | null;
}

const RECORD_ACTIONS = `
  INSERT INTO dead_letter_actions (letter_id, action_id, tenant_id, action, actor, via, why, result, detail, ended_at)
  SELECT *, CASE WHEN result = 'requested' THEN NULL ELSE clock_timestamp() END
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
    AS g(letter_id, action_id, tenant_id, action, actor, via, why, result, detail)
  ON CONFLICT DO NOTHING`;

/** Records what operators did. Part of the batch's transaction. */
export async function recordActions(scope: Scope, actions: readonly ActionRecord[]): Promise<void> {
  if (actions.length === 0) return;
  await scope.query(RECORD_ACTIONS, [
    actions.map(({ letterId }) => letterId),
    actions.map(({ actionId }) => actionId),
    actions.map(({ tenantId }) => tenantId),
    actions.map(({ action }) => action),
    actions.map(({ actor }) => actor),
    actions.map(({ via }) => via),
    actions.map(({ why }) => why),
    actions.map(({ result }) => result),
    actions.map(({ detail }) => detail),
  ]);
}
