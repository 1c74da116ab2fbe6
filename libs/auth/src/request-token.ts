import { forbidden, unauthenticated } from './auth-error.js';

/** What is looked at of a request. */
export interface TokenRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const COOKIE = 'access_token';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The token of a request: `Authorization: Bearer`, else the cookie `access_token`. A cookie travels by
 * itself, so with it a request that changes something must come from a page of ours.
 * @throws AuthError 401 without a token, 403 for a cookie with a foreign `Origin`.
 */
export function tokenOf(request: TokenRequest): string {
  const { authorization } = request.headers;
  const token = tokenIn(request);
  if (token === undefined)
    throw unauthenticated(
      authorization === undefined
        ? 'Send a token: Authorization: Bearer <token>, or one cookie access_token.'
        : 'The Authorization header must be: Bearer <token>.',
    );
  if (authorization === undefined && !SAFE_METHODS.includes(request.method) && !isSameOrigin(request))
    throw forbidden('A request by cookie that changes something needs an Origin header of this site.');
  return token;
}

/** The token that a request carries, whether it may be used for it or not; undefined without exactly one. */
export function tokenIn({ headers }: Pick<TokenRequest, 'headers'>): string | undefined {
  const { authorization, cookie } = headers;
  if (authorization !== undefined)
    return typeof authorization === 'string' ? /^Bearer +([^ ]+)$/i.exec(authorization)?.[1] : undefined;
  const [token, ...others] = typeof cookie === 'string' ? cookieValues(cookie) : [];
  return others.length > 0 ? undefined : token;
}

const cookieValues = (header: string): string[] =>
  header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1));

function isSameOrigin({ headers }: TokenRequest): boolean {
  const { origin, host } = headers;
  return typeof origin === 'string' && URL.canParse(origin) && new URL(origin).host === host;
}
