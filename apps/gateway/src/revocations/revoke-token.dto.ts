import { PRINCIPAL_ID, REASON_MAX_CODE_POINTS } from '@spillway/contracts';
import { MayBeAbsent, Storable, TextForm, TextLength } from '@spillway/http';

/** The body of a revocation. */
export class RevokeTokenDto {
  @TextForm(PRINCIPAL_ID, '1 to 64 of A-Z a-z 0-9 _ . : @ -')
  jti!: string;

  /** Ten years ahead when left out, which no token outlives. */
  @MayBeAbsent()
  @TextForm(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/, 'a time in UTC, such as 2026-01-31T12:00:00Z')
  expiresAt?: string;

  @Storable()
  @TextLength(1, REASON_MAX_CODE_POINTS)
  why!: string;
}
