import { decodeProtectedHeader } from 'jose';
import { unauthenticated } from './auth-error.js';
import type { Algorithm } from './config.js';

/** Looked at before anything of a token is decoded. */
export const TOKEN_MAX_BYTES = 4096;
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const KID = /^[A-Za-z0-9_-]{1,64}$/;
const TYPES = ['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];

export interface TokenHeader {
  readonly alg: Algorithm;
  readonly kid: string;
}

/**
 * What a token says of its signature: an allowed algorithm and the id of a key. Keys or addresses of keys
 * that it carries (`jwk`, `jku`, `x5u`, `x5c`) are not looked at; extensions it calls critical refuse it.
 * @throws AuthError (401).
 */
export function readTokenHeader(token: string, algorithms: readonly Algorithm[]): TokenHeader {
  if (!FORM.test(token)) throw unauthenticated('The token is not a signed JWT.', 'invalid_token');
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (error) {
    throw unauthenticated('The header of the token cannot be read.', 'invalid_token', error);
  }
  const { kid, typ } = header;
  const alg = algorithms.find((allowed) => allowed === header.alg);
  if (!alg) throw unauthenticated('The algorithm of the token is not accepted.', 'invalid_token');
  if (typeof kid !== 'string' || !KID.test(kid))
    throw unauthenticated('The token names no key.', 'invalid_token');
  if ('crit' in header)
    throw unauthenticated('The token needs an extension that is unknown here.', 'invalid_token');
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.includes(typ.toLowerCase()))) {
    throw unauthenticated('The token is of another type.', 'invalid_token');
  }
  return { alg, kid };
}
