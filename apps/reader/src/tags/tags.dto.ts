import { TAG_MAX_CODE_POINTS } from '@spillway/contracts';
import { IntegerText, MayBeAbsent, Storable, TextLength } from '@spillway/http';
import { CursorText } from '../posts/cursor-of.js';
import { LIMIT_MAX } from '../posts/list-posts.dto.js';

/** The query of `GET /v1/tags`; anything else in it is refused. */
export class TagsDto {
  @MayBeAbsent()
  @TextLength(0, TAG_MAX_CODE_POINTS)
  @Storable()
  prefix?: string;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @CursorText()
  cursor?: string;
}
