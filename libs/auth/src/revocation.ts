/** Which tokens were revoked before they expired. Asked on every request, so it answers from memory. */
export interface RevocationCheck {
  /** False until the list was there once: before that nobody can tell a revoked token. */
  readonly known: boolean;
  isRevoked(tenant: string, jti: string): boolean;
}

export const NO_REVOCATIONS: RevocationCheck = { known: true, isRevoked: () => false };
