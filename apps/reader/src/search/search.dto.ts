import { IntegerText, MayBeAbsent, Storable, TextLength } from '@spillway/http';
import { CursorText } from '../posts/cursor-of.js';

export const QUERY_MAX_CODE_POINTS = 200;
/** Fewer than of a list: each has its snippet made. */
export const SEARCH_LIMIT_MAX = 50;

/** The query of `GET /v1/search`; anything else in it is refused. */
export class SearchDto {
  @TextLength(1, QUERY_MAX_CODE_POINTS)
  @Storable()
  q!: string;

  @MayBeAbsent()
  @IntegerText(1, SEARCH_LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @CursorText()
  cursor?: string;
}
