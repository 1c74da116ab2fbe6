/** Which tokens were revoked before they expired. Asked on every request, so it answers from memory. */
export interface RevocationCheck {
  isRevoked(tenant: string, jti: string): boolean;
}

export const NO_REVOCATIONS: RevocationCheck = { isRevoked: () => false };
