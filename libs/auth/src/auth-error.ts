import type { ErrorCode } from '@spillway/contracts';

/** The caller is unknown (401) or may not do this (403). libs/http turns it into problem details by its form. */
export class AuthError extends Error {
  constructor(
    readonly code: Extract<ErrorCode, 'unauthenticated' | 'forbidden'>,
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

export const forbidden = (detail: string): AuthError => new AuthError('forbidden', detail);
