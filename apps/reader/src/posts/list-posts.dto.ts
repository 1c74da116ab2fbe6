import { CHANNEL_ID, POST_FIELDS, PRINCIPAL_ID, TAG_MAX_CODE_POINTS } from '@spillway/contracts';
import { IntegerText, IsUuidText, MayBeAbsent, Storable, TextForm, TextLength } from '@spillway/http';
import { TimeText } from '../query-time.js';
import { CursorText } from './cursor-of.js';

export const LIMIT_MAX = 100;
export const LIMIT_DEFAULT = 20;

const FIELD = `(${POST_FIELDS.join('|')})`;

/** The query of `GET /v1/posts`; anything else in it is refused. */
export class ListPostsDto {
  @MayBeAbsent()
  @TextForm(CHANNEL_ID, '1 to 64 of A-Z a-z 0-9 _ -')
  channelId?: string;

  @MayBeAbsent()
  @TextForm(PRINCIPAL_ID, '1 to 64 of A-Z a-z 0-9 _ . : @ -')
  authorId?: string;

  @MayBeAbsent()
  @TextLength(1, TAG_MAX_CODE_POINTS)
  @Storable()
  tag?: string;

  @MayBeAbsent()
  @IsUuidText()
  replyTo?: string;

  /** Inclusive. */
  @MayBeAbsent()
  @TimeText()
  since?: string;

  /** Exclusive. */
  @MayBeAbsent()
  @TimeText()
  until?: string;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @CursorText()
  cursor?: string;

  @MayBeAbsent()
  @TextForm(
    new RegExp(`^${FIELD}(,${FIELD}){0,20}$`),
    `some of ${POST_FIELDS.join(',')}, with commas between`,
  )
  fields?: string;
}
