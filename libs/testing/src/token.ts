import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT, type JWK } from 'jose';

export interface TokenClaims {
  readonly tenant: string;
  readonly sub: string;
  /** Any of reader, author, moderator, importer, operator. */
  readonly roles?: readonly string[];
  /** Negative for a token that is over already. */
  readonly ttlSeconds?: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/**
 * Signs a token as the local stack's own issuer does, with `<stackDir>/keys/private.jwk`.
 * @throws Error when the stack has no key there.
 */
export async function mintToken(stackDir: string, claims: TokenClaims): Promise<string> {
  const file = join(stackDir, 'keys', 'private.jwk');
  let jwk: JWK;
  try {
    jwk = JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch (error) {
    throw new Error(`No token was signed: ${file} cannot be read. npm start makes it.`, { cause: error });
  }
  const { tenant, sub, roles = ['author'], ttlSeconds = 3600 } = claims;
  const { issuer = 'spillway-local', audience = 'spillway' } = claims;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ tenant, roles })
    .setProtectedHeader({ alg: 'EdDSA', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .setSubject(sub)
    .setIssuer(issuer)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ttlSeconds)
    .sign(await importJWK(jwk, 'EdDSA'));
}
