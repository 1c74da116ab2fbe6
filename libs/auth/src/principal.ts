export const ROLES = ['reader', 'author', 'moderator', 'importer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling, as a verified token says. */
export interface Principal {
  /** The author id. */
  readonly sub: string;
  readonly tenant: string;
  readonly roles: ReadonlySet<Role>;
  /** Names the token for revocation; a token without it cannot be revoked. */
  readonly jti?: string;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
}

export const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);
