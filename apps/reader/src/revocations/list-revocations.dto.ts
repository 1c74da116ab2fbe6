import { PRINCIPAL_ID } from '@spillway/contracts';
import { IntegerText, MayBeAbsent, TextForm } from '@spillway/http';

export const LIMIT_MAX = 100;
export const LIMIT_DEFAULT = 20;

/** The query of `GET /v1/revocations`; anything else in it is refused. */
export class ListRevocationsDto {
  @MayBeAbsent()
  @TextForm(PRINCIPAL_ID, '1 to 64 of A-Z a-z 0-9 _ . : @ -')
  jti?: string;

  @MayBeAbsent()
  @IntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @TextForm(/^[A-Za-z0-9_-]{1,200}$/, 'a cursor of an earlier page')
  cursor?: string;
}
