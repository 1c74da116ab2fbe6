import { describe, expect, it } from '@jest/globals';
import { AuthError } from './auth-error.js';
import { tokenOf, type TokenRequest } from './request-token.js';

function outcome(method: string, headers: TokenRequest['headers']): string {
  try {
    return tokenOf({ method, headers });
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}
const host = 'posts.example:3000';
const cookie = 'theme=dark; access_token=abc';

describe('tokenOf', () => {
  it.each<[string, string, TokenRequest['headers'], string]>([
    ['a bearer token', 'POST', { authorization: 'Bearer abc' }, 'abc'],
    ['in any case', 'POST', { authorization: 'bearer abc' }, 'abc'],
    [
      'a bearer token before a cookie',
      'POST',
      { authorization: 'Bearer abc', cookie: 'access_token=def' },
      'abc',
    ],
    [
      'another scheme, not the cookie instead',
      'GET',
      { authorization: 'Basic abc', cookie },
      'unauthenticated',
    ],
    ['an empty bearer', 'GET', { authorization: 'Bearer ' }, 'unauthenticated'],
    ['two tokens', 'GET', { authorization: 'Bearer abc def' }, 'unauthenticated'],
    ['nothing', 'GET', {}, 'unauthenticated'],
    ['another cookie', 'GET', { cookie: 'xaccess_token=abc' }, 'unauthenticated'],
    ['two cookies', 'GET', { cookie: 'access_token=abc; access_token=def' }, 'unauthenticated'],
    ['a cookie when reading', 'GET', { cookie }, 'abc'],
    ['a cookie when writing, from our page', 'POST', { cookie, host, origin: `https://${host}` }, 'abc'],
    ['a cookie when writing, from nowhere', 'POST', { cookie, host }, 'forbidden'],
    [
      'a cookie when writing, from another page',
      'PUT',
      { cookie, host, origin: 'https://evil.example' },
      'forbidden',
    ],
    [
      'a cookie when writing, from another port',
      'DELETE',
      { cookie, host, origin: 'https://posts.example' },
      'forbidden',
    ],
    ['a cookie when writing, from a hidden page', 'PATCH', { cookie, host, origin: 'null' }, 'forbidden'],
    [
      'a cookie when writing, from a name that begins like ours',
      'POST',
      { cookie, host: 'a.b', origin: 'https://a.b.evil.example' },
      'forbidden',
    ],
    [
      'a cookie when writing, with our name as the user',
      'POST',
      { cookie, host: 'a.b', origin: 'https://a.b@evil.example' },
      'forbidden',
    ],
  ])('%s', (_name, method, headers, expected) => expect(outcome(method, headers)).toBe(expected));
});
