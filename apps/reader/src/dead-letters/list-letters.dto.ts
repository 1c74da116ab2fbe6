import { DEAD_LETTER_STATES } from '@spillway/contracts';
import { IntegerText, MayBeAbsent, TextForm } from '@spillway/http';

export const LIMIT_MAX = 100;
export const LIMIT_DEFAULT = 20;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;
const TIME_WORDS = 'a time in UTC, such as 2026-01-31T12:00:00Z';

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
  @TextForm(TIME, TIME_WORDS)
  since?: string;

  @MayBeAbsent()
  @TextForm(TIME, TIME_WORDS)
  until?: string;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @TextForm(/^[A-Za-z0-9_-]{1,200}$/, 'a cursor of an earlier page')
  cursor?: string;
}
