import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Principal, Role } from './principal.js';

export const PUBLIC = 'spillway:public';
export const REQUIRED_ROLES = 'spillway:roles';

/** A request as the guard leaves it. libs/http logs `tenant` and a hash of `sub` from here. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/** Answers without a token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Needs at least one of these roles. */
export const RequireRoles = (...roles: readonly [Role, ...Role[]]) => SetMetadata(REQUIRED_ROLES, roles);

/**
 * The caller.
 * @throws Error when the route is public: then there is none.
 */
export function principalOf({ principal }: AuthenticatedRequest): Principal {
  if (!principal) throw new Error('a public route asked for the principal');
  return principal;
}

/**
 * The caller, as a parameter of a handler. Nest awaits every pipe for it: where each microsecond counts a handler
 * takes its request and asks `principalOf`.
 */
export const CurrentPrincipal = createParamDecorator((_data: undefined, context: ExecutionContext) =>
  principalOf(context.getArgByIndex<AuthenticatedRequest>(0)),
);

/** Who may call a route, as its decorators say. */
export interface RouteAccess {
  readonly isPublic: boolean;
  /** One of these is needed; empty when any role will do. */
  readonly roles: readonly Role[];
}

/** What the guard will ask of a request to this handler. */
export function accessOf(controller: { readonly prototype: object }, handler: string): RouteAccess {
  const method: unknown = Reflect.get(controller.prototype, handler);
  const places = [method, controller].filter((place) => typeof place === 'function');
  const found = <T>(key: string): T | undefined =>
    places
      .map((place) => Reflect.getMetadata(key, place) as T | undefined)
      .find((value) => value !== undefined);
  return { isPublic: found<boolean>(PUBLIC) === true, roles: found<readonly Role[]>(REQUIRED_ROLES) ?? [] };
}
