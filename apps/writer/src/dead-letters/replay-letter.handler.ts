import type { ReplayDeadLetter } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import type { CommandHandler } from '../posts/command-handler.js';
import { actOnLetters, type Decision } from './act-on-letters.js';
import type { LockedLetter } from './letter.store.js';

/**
 * Decides that dead letters are replayed; `ReplayOutbox` publishes them after the commit. A rejected
 * command is not run again: its client was told that it failed for good and may have sent another, and
 * a final outcome never changes. A discarded one may be, as the operator's exception.
 */
export class ReplayLetterHandler implements CommandHandler<'dead_letter.replay'> {
  apply(scope: Scope, commands: readonly ReplayDeadLetter[]): Promise<readonly Outcome[]> {
    return actOnLetters(scope, commands, replay);
  }
}

function replay(letter: LockedLetter): Decision {
  const refuse = (detail: string): Decision => ({ result: 'refused', code: 'not_replayable', detail });
  if (!letter.command) return refuse('the message cannot be read, so nobody can carry it out');
  if (letter.outcome === 'rejected') return refuse('the command was rejected for good');
  if (letter.state === 'replaying' || letter.state === 'replayed')
    return { result: 'unchanged', detail: 'it was replayed before' };
  letter.changed = true;
  if (letter.outcome !== null && letter.outcome !== 'parked' && letter.outcome !== 'discarded') {
    letter.state = 'replayed';
    return { result: 'unchanged', detail: 'the command had been carried out meanwhile' };
  }
  letter.state = 'replaying';
  return { result: 'requested' };
}
