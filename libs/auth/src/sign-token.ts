import { importJWK, SignJWT, type JWK } from 'jose';
import { processClock } from '@spillway/contracts/server';
import type { Role } from './principal.js';

export interface TokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly jti?: string;
}

/**
 * A token signed with a private Ed25519 key, for the local stack and for tests.
 * @throws Error when the key is not a private Ed25519 JWK with a kid.
 */
export async function signToken(
  privateJwk: JWK,
  claims: TokenClaims,
  ttlMs: number,
  now = processClock.now(),
): Promise<string> {
  const { kid, crv, d } = privateJwk;
  if (kid === undefined || crv !== 'Ed25519' || d === undefined)
    throw new Error('needs a private Ed25519 JWK with a kid');
  return new SignJWT({ ...claims, roles: [...claims.roles] })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor((now + ttlMs) / 1000))
    .sign(await importJWK(privateJwk, 'EdDSA'));
}
