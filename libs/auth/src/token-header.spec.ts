import { describe, expect, it } from '@jest/globals';
import { readTokenHeader } from './token-header.js';

const token = (header: unknown): string =>
  `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.c2ln`;

describe('readTokenHeader', () => {
  it('gives algorithm and key id and nothing else', () => {
    const header = { alg: 'EdDSA', kid: 'k1', typ: 'JWT', jku: 'https://evil.example', jwk: { kty: 'oct' } };
    expect(readTokenHeader(token(header), ['EdDSA', 'ES256'])).toEqual({ alg: 'EdDSA', kid: 'k1' });
  });

  it.each([
    { alg: 'RS256', kid: 'k1' },
    { alg: 'none', kid: 'k1' },
    { alg: 'eddsa', kid: 'k1' },
    { alg: ['EdDSA'], kid: 'k1' },
    { kid: 'k1' },
    { alg: 'EdDSA' },
    { alg: 'EdDSA', kid: '' },
    { alg: 'EdDSA', kid: '../k1' },
    { alg: 'EdDSA', kid: 'k1\n' },
    { alg: 'EdDSA', kid: 'k'.repeat(65) },
    { alg: 'EdDSA', kid: ['k1'] },
    { alg: 'EdDSA', kid: 'k1', crit: [] },
    { alg: 'EdDSA', kid: 'k1', typ: 'JWE' },
  ])('refuses %j before any key is asked for', (header) =>
    expect(() => readTokenHeader(token(header), ['EdDSA', 'ES256'])).toThrow(),
  );
});
