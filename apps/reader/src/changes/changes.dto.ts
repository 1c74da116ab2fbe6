import { IntegerText, MayBeAbsent } from '@spillway/http';
import { CursorText } from '../posts/cursor-of.js';

export const CHANGES_MAX = 100;

/** The query of `GET /v1/changes`; anything else in it is refused. */
export class ChangesDto {
  /** A cursor, or `now`. */
  @MayBeAbsent()
  @CursorText()
  after?: string;

  @MayBeAbsent()
  @IntegerText(1, CHANGES_MAX)
  limit?: number;
}
