import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { admit, type GuardedRequest } from './admit.js';
import { PUBLIC, REQUIRED_ROLES } from './decorators.js';
import type { Role } from './principal.js';
import { tokenOf } from './request-token.js';
import { TokenVerifier } from './token-verifier.js';

/** Marks a route that is open to everybody. */
const PUBLIC_ACCESS = Symbol('public');
/** What a route asks for: nothing, one of these roles, or, with null, any role. */
type Access = typeof PUBLIC_ACCESS | readonly Role[] | null;

/**
 * Denies by default: a route without `@Public()` needs a valid token with at least one role, and with
 * `@RequireRoles` one of those. A guard and no middleware, so that no spelling of a path goes around it.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  /** By class and handler: a handler may be inherited, and its class decide. */
  private readonly accesses = new Map<unknown, Map<unknown, Access>>();

  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
  ) {}

  /** Waits only for a token that was not seen before. @throws AuthError 401 or 403. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessOf(context);
    if (access === PUBLIC_ACCESS) return true;
    const request = context.getArgByIndex<GuardedRequest>(0);
    const token = tokenOf(request);
    const known = this.verifier.remembered(token);
    if (known) return admit(request, known, access);
    return this.verifier.verify(token).then((principal) => admit(request, principal, access));
  }

  /** What a handler asks for is read from its decorators once. */
  private accessOf(context: ExecutionContext): Access {
    const places = [context.getHandler(), context.getClass()] as const;
    const [handler, controller] = places;
    const found = this.accesses.get(controller)?.get(handler);
    if (found !== undefined) return found;
    const access: Access =
      this.reflector.getAllAndOverride<boolean>(PUBLIC, [...places]) === true
        ? PUBLIC_ACCESS
        : (this.reflector.getAllAndOverride<readonly Role[] | undefined>(REQUIRED_ROLES, [...places]) ??
          null);
    this.accesses.set(
      controller,
      (this.accesses.get(controller) ?? new Map<unknown, Access>()).set(handler, access),
    );
    return access;
  }
}
