import type { ErrorCode } from '@spillway/contracts';

/** The caller is unknown (401), may not do this (403), or cannot be known now (503). libs/http turns it into problem details by its form. */
export class AuthError extends Error {
  constructor(
    readonly code: Extract<
      ErrorCode,
      'unauthenticated' | 'token_revoked' | 'forbidden' | 'authentication_unavailable'
    >,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'AuthError';
  }
}

/** @param error RFC 6750 §3.1; left out when the request carried no token at all. */
export const unauthenticated = (detail: string, error?: 'invalid_token', cause?: unknown): AuthError =>
  new AuthError(
    'unauthenticated',
    detail,
    { 'www-authenticate': error ? `Bearer realm="spillway", error="${error}"` : 'Bearer realm="spillway"' },
    cause,
  );

export const revoked = (): AuthError =>
  new AuthError('token_revoked', 'The token has been revoked. Nothing was done; ask for a new token.', {
    'www-authenticate': 'Bearer realm="spillway", error="invalid_token"',
  });

/** The token may well be good: whoever sent it should keep it and try again. */
export const unverifiable = (what: string, cause?: unknown): AuthError =>
  new AuthError(
    'authentication_unavailable',
    `${what} not available. Nothing was done; send the request again after Retry-After.`,
    { 'retry-after': '2' },
    cause,
  );

export const forbidden = (detail: string): AuthError => new AuthError('forbidden', detail);
