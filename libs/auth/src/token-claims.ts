import { PRINCIPAL_ID } from '@spillway/contracts';
import type { JWTPayload } from 'jose';
import type { AuthConfig } from './config.js';
import { isRole, type Principal } from './principal.js';

const ROLES_MAX = 16;

/** The principal of verified claims, or undefined when a claim has not the form that API.md gives it. */
export function principalOf(claims: JWTPayload, config: AuthConfig): Principal | undefined {
  const { sub, jti, exp } = claims;
  const tenant = claims[config.authClaimTenant];
  const roles = claims[config.authClaimRoles];
  if (!isPrincipalId(sub) || !isPrincipalId(tenant)) return undefined;
  if (jti !== undefined && !isPrincipalId(jti)) return undefined;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return undefined;
  if (!Array.isArray(roles) || roles.length > ROLES_MAX) return undefined;
  return {
    sub,
    tenant,
    roles: new Set(roles.filter(isRole)),
    ...(jti === undefined ? {} : { jti }),
    expiresAtMs: exp * 1000,
  };
}

const isPrincipalId = (value: unknown): value is string =>
  typeof value === 'string' && PRINCIPAL_ID.test(value);
