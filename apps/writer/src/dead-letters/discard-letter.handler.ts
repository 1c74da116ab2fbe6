import type { DiscardDeadLetter } from '@spillway/contracts';
import type { Scope } from '@spillway/database';
import type { Outcome } from '@spillway/messaging';
import type { CommandHandler } from '../posts/command-handler.js';
import { actOnLetters, type Decision } from './act-on-letters.js';
import type { LockedLetter } from './letter.store.js';

/** Gives dead letters up: their jobs fail with `discarded`. The letters stay, for the record. */
export class DiscardLetterHandler implements CommandHandler<'dead_letter.discard'> {
  apply(scope: Scope, commands: readonly DiscardDeadLetter[]): Promise<readonly Outcome[]> {
    return actOnLetters(scope, commands, discard);
  }
}

function discard(letter: LockedLetter): Decision {
  if (letter.state === 'replaying' || letter.state === 'replayed')
    return { result: 'refused', code: 'already_replayed', detail: 'it was replayed before' };
  if (letter.state === 'discarded') return { result: 'unchanged', detail: 'it was discarded before' };
  letter.state = 'discarded';
  letter.changed = true;
  return { result: 'done' };
}
