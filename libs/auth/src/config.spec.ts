import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@spillway/config';
import { authConfig } from './config.js';

const env = { AUTH_JWKS: 'file:///keys/jwks.json', AUTH_ISSUER: 'issuer', AUTH_AUDIENCE: 'spillway' };

describe('authConfig', () => {
  it('takes EdDSA and the usual claims unless told otherwise', () => {
    expect(loadConfig(authConfig, env)).toMatchObject({
      authAlgorithms: ['EdDSA'],
      authClaimTenant: 'tenant',
      authClaimRoles: 'roles',
    });
  });

  it.each(['none', 'HS256', 'EdDSA,HS256', 'EdDSA,EdDSA', ''])(
    'refuses the algorithms %j',
    (AUTH_ALGORITHMS) =>
      expect(() => loadConfig(authConfig, { ...env, AUTH_ALGORITHMS })).toThrow('AUTH_ALGORITHMS'),
  );

  it.each(['http://issuer.example/jwks', '/keys/jwks.json', 'data:application/json,{}'])(
    'refuses keys from %s',
    (AUTH_JWKS) =>
      expect(() => loadConfig(authConfig, { ...env, AUTH_JWKS })).toThrow('AUTH_JWKS must be an address'),
  );
});
