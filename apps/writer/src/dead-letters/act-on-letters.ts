import type { DeadLetterAction, DiscardDeadLetter, ErrorCode, ReplayDeadLetter } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import { findOutcomes } from '../posts/outcome.store.js';
import {
  lockLetters,
  recordActions,
  storeLetters,
  type ActionRecord,
  type LockedLetter,
} from './letter.store.js';

type LetterCommand = ReplayDeadLetter | DiscardDeadLetter;

/** What is decided about a letter; `refused` says why and changes nothing. */
export type Decision =
  | { readonly result: Exclude<DeadLetterAction['result'], 'refused'>; readonly detail?: string }
  | { readonly result: 'refused'; readonly code: ErrorCode; readonly detail: string };

/**
 * Carries out what operators ask about dead letters, in the order in which they asked: letters are
 * locked, `decide` changes what it may, and each action is recorded with who, why and what came of it.
 * A command that is delivered again is told what it was told before.
 */
export async function actOnLetters<C extends LetterCommand>(
  scope: Scope,
  commands: readonly C[],
  decide: (letter: LockedLetter) => Decision,
): Promise<readonly Outcome[]> {
  const letters = await lockLetters(scope, [...new Set(commands.map(({ letterId }) => letterId))]);
  const known = await findOutcomes(scope, commands);
  const outcomes = new Map<string, Outcome>();
  const actions: ActionRecord[] = [];
  for (const command of [...commands].sort((a, b) => (a.commandId < b.commandId ? -1 : 1))) {
    const before = known.get(`${command.tenantId} ${command.commandId}`);
    if (before) outcomes.set(command.commandId, before);
    if (outcomes.has(command.commandId)) continue;
    const letter = letters.get(command.letterId);
    if (!letter || !mayAct(command, letter)) {
      outcomes.set(command.commandId, { result: 'rejected', code: 'not_found' });
      continue;
    }
    const decision = decide(letter);
    outcomes.set(command.commandId, outcomeOf(decision));
    actions.push(recordOf(command, letter, decision));
  }
  await storeLetters(scope, letters.values());
  await recordActions(scope, actions);
  return commands.map(
    ({ commandId }) => outcomes.get(commandId) ?? { result: 'unavailable', reason: 'no outcome' },
  );
}

/** A letter that cannot be read belongs to no tenant, and only to whoever has the command line. */
const mayAct = ({ tenantId, via }: LetterCommand, { command }: LockedLetter): boolean =>
  command ? command.tenantId === tenantId : via === 'cli';

function outcomeOf(decision: Decision): Outcome {
  if (decision.result === 'refused') return { result: 'rejected', code: decision.code };
  return { result: decision.result === 'unchanged' ? 'superseded' : 'committed' };
}

const recordOf = (command: LetterCommand, letter: LockedLetter, decision: Decision): ActionRecord => ({
  letterId: letter.id,
  actionId: command.commandId,
  tenantId: letter.command?.tenantId ?? null,
  action: command.kind === 'dead_letter.replay' ? 'replay' : 'discard',
  actor: command.actor.sub,
  via: command.via,
  why: command.why,
  result: decision.result,
  detail: decision.detail ?? null,
});
