/** How far ahead a revocation may reach, and how far it does when nobody says when the token ends: ten years. */
export const REVOCATION_MAX_SECONDS = 3650 * 24 * 3600;
/** The most tokens of one tenant that are refused at once. */
export const REVOCATIONS_PER_TENANT = 5_000;
/** The same for a shard: every gateway and reader holds all of them in memory. */
export const REVOCATIONS_PER_SHARD = 20_000;

/** A token that is refused although it has not expired. */
export interface Revocation {
  /** A UUIDv7 of the time at which it was asked for. */
  readonly id: string;
  readonly jti: string;
  /** The token's end; the revocation is forgotten some time after it. */
  readonly expiresAt: string;
  readonly who: string;
  readonly via: 'api' | 'cli';
  readonly why: string;
  readonly at: string;
}

/** The answer of `GET /v1/revocations`. */
export interface RevocationPage {
  readonly items: readonly Revocation[];
  readonly nextCursor: string | null;
}
