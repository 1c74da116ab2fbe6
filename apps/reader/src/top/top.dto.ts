import { TOP_WINDOWS, type TopWindow } from '@spillway/contracts';
import { IntegerText, MayBeAbsent, TextForm } from '@spillway/http';
import { LIMIT_MAX } from '../posts/list-posts.dto.js';

/** The query of `GET /v1/posts/top`; anything else in it is refused. */
export class TopDto {
  @MayBeAbsent()
  @TextForm(new RegExp(`^(${TOP_WINDOWS.join('|')})$`), `one of ${TOP_WINDOWS.join(', ')}`)
  window?: TopWindow;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;
}
