import { DEAD_LETTER_STATES } from '@spillway/contracts';
import { IntegerText, MayBeAbsent, TextForm } from '@spillway/http';
import { CursorText } from '../posts/cursor-of.js';
import { TimeText } from '../query-time.js';

export const LIMIT_MAX = 100;
export const LIMIT_DEFAULT = 20;

/** The query of `GET /v1/dead-letters`; anything else in it is refused. */
export class ListLettersDto {
  @MayBeAbsent()
  @TextForm(/^[a-z][a-z_]{0,39}$/, 'a reason, such as newer_command')
  reason?: string;

  /** Open ones when left out: those that wait for somebody. */
  @MayBeAbsent()
  @TextForm(new RegExp(`^(${DEAD_LETTER_STATES.join('|')})$`), `one of ${DEAD_LETTER_STATES.join(', ')}`)
  state?: string;

  @MayBeAbsent()
  @TimeText()
  since?: string;

  @MayBeAbsent()
  @TimeText()
  until?: string;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @CursorText()
  cursor?: string;
}
