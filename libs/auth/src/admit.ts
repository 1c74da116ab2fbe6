import type { IncomingMessage } from 'node:http';
import { requestSpan } from '@spillway/telemetry';
import { forbidden } from './auth-error.js';
import type { AuthenticatedRequest } from './decorators.js';
import type { Principal, Role } from './principal.js';
import { tokenIn, type TokenRequest } from './request-token.js';
import type { TokenVerifier } from './token-verifier.js';

export type GuardedRequest = TokenRequest & AuthenticatedRequest & { raw: IncomingMessage };

/**
 * Lets a caller pass who has one of these roles, or, with null, any role, and leaves who it is on the request.
 * @throws AuthError 403.
 */
export function admit(request: GuardedRequest, principal: Principal, required: readonly Role[] | null): true {
  if (principal.roles.size === 0 || (required && !required.some((role) => principal.roles.has(role)))) {
    throw forbidden(
      required ? `This needs one of the roles: ${required.join(', ')}.` : 'The token has no role.',
    );
  }
  request.principal = principal;
  requestSpan(request.raw)?.setAttribute('app.tenant', principal.tenant);
  return true;
}

/**
 * Lets a caller pass who only reads what every role may read, by a token that was verified before and still holds.
 * Undefined decides nothing: the guard does, and says what is wrong.
 */
export function admitReader(
  request: GuardedRequest,
  verifier: Pick<TokenVerifier, 'remembered'>,
): Principal | undefined {
  const token = tokenIn(request);
  const principal = token === undefined ? undefined : verifier.remembered(token);
  if (!principal || principal.roles.size === 0) return undefined;
  admit(request, principal, null);
  return principal;
}
