export { admitReader } from './admit.js';
export { AuthError, revoked } from './auth-error.js';
export { AuthGuard } from './auth.guard.js';
export { AuthModule } from './auth.module.js';
export { ALGORITHMS, authConfig, type Algorithm, type AuthConfig } from './config.js';
export {
  accessOf,
  CurrentPrincipal,
  principalOf,
  Public,
  RequireRoles,
  type AuthenticatedRequest,
  type RouteAccess,
} from './decorators.js';
export { jwksProbe } from './jwks-probe.js';
export { createKeySource, type KeySource } from './key-source.js';
export { ROLES, type Principal, type Role } from './principal.js';
export { NO_REVOCATIONS, type RevocationCheck } from './revocation.js';
export { signToken, type TokenClaims } from './sign-token.js';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';
