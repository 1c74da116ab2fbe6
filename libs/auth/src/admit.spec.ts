import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { admitReader, type GuardedRequest } from './admit.js';
import type { Principal, Role } from './principal.js';

const principal = (...roles: Role[]): Principal => ({
  ...{ sub: 'eve', tenant: 'acme', jti: 'token-1', expiresAtMs: Infinity },
  roles: new Set(roles),
});
const verifier = {
  remembered: (token: string): Principal | undefined =>
    ({ known: principal('author'), idle: principal() })[token],
};
const request = (headers: GuardedRequest['headers']): GuardedRequest => ({
  ...{ method: 'GET', headers, raw: new IncomingMessage(new Socket()) },
});

describe('admitReader', () => {
  it.each([{ authorization: 'Bearer known' }, { cookie: 'access_token=known' }])(
    'lets whoever is remembered pass, and leaves who it is: %j',
    (headers) => {
      const asked = request(headers);
      expect(admitReader(asked, verifier)).toMatchObject({ sub: 'eve', tenant: 'acme' });
      expect(asked.principal).toMatchObject({ sub: 'eve', tenant: 'acme' });
    },
  );

  it.each([
    {},
    { authorization: 'Bearer other' },
    { authorization: 'Bearer idle' },
    { authorization: 'Basic known' },
    { authorization: 'Basic known', cookie: 'access_token=known' },
    { cookie: 'access_token=known; access_token=other' },
  ])('leaves all others to the guard: %j', (headers) => {
    const asked = request(headers);
    expect(admitReader(asked, verifier)).toBeUndefined();
    expect(asked.principal).toBeUndefined();
  });
});
