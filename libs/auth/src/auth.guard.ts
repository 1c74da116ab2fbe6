import type { IncomingMessage } from 'node:http';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requestSpan } from '@spillway/telemetry';
import { forbidden } from './auth-error.js';
import { PUBLIC, REQUIRED_ROLES, type AuthenticatedRequest } from './decorators.js';
import type { Role } from './principal.js';
import { tokenOf, type TokenRequest } from './request-token.js';
import { TokenVerifier } from './token-verifier.js';

/**
 * Denies by default: a route without `@Public()` needs a valid token with at least one role, and with
 * `@RequireRoles` one of those. A guard and no middleware, so that no spelling of a path goes around it.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
  ) {}

  /** @throws AuthError 401 or 403. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, places) === true) return true;
    const request = context
      .switchToHttp()
      .getRequest<TokenRequest & AuthenticatedRequest & { raw: IncomingMessage }>();
    const principal = await this.verifier.verify(tokenOf(request));
    const required = this.reflector.getAllAndOverride<readonly Role[] | undefined>(REQUIRED_ROLES, places);
    if (principal.roles.size === 0 || (required && !required.some((role) => principal.roles.has(role)))) {
      throw forbidden(
        required ? `This needs one of the roles: ${required.join(', ')}.` : 'The token has no role.',
      );
    }
    request.principal = principal;
    requestSpan(request.raw)?.setAttribute('app.tenant', principal.tenant);
    return true;
  }
}
