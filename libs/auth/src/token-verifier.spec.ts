import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '@spillway/config';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { AuthError } from './auth-error.js';
import { authConfig, type Algorithm } from './config.js';
import type { KeySource } from './key-source.js';
import { signToken, type TokenClaims } from './sign-token.js';
import { TokenVerifier } from './token-verifier.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const SECONDS = NOW / 1000;
const config = loadConfig(authConfig, {
  AUTH_JWKS: 'https://issuer.example/jwks.json',
  AUTH_ISSUER: 'issuer',
  AUTH_AUDIENCE: 'spillway',
  AUTH_ALGORITHMS: 'EdDSA,ES256',
});
const CLAIMS: TokenClaims = {
  iss: 'issuer',
  aud: 'spillway',
  sub: 'eve',
  tenant: 'acme',
  roles: ['author'],
  jti: 'token-1',
};

interface Pair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}
let ours: Pair;
let elliptic: Pair;
let foreign: Pair;
let rsa: Pair;
let ourPrivateJwk: JWK;
const find = jest.fn((kid: string, algorithm: Algorithm): Promise<CryptoKey | undefined> =>
  Promise.resolve(
    new Map([
      ['EdDSA k1', ours],
      ['ES256 k2', elliptic],
    ]).get(`${algorithm} ${kid}`)?.publicKey,
  ),
);
let keysVersion = 1;
const keys: KeySource = {
  find,
  version: () => Promise.resolve(keysVersion),
  available: () => Promise.resolve(true),
};
const revoked = new Set<string>();
let listKnown = true;
let now = NOW;
const newVerifier = (source = keys) =>
  new TokenVerifier({
    config,
    keys: source,
    revocations: {
      get known() {
        return listKnown;
      },
      isRevoked: (tenant, jti) => revoked.has(`${tenant} ${jti}`),
    },
    now: () => now,
  });

const payload = (changes: Record<string, unknown> = {}): JWTPayload => ({
  ...CLAIMS,
  iat: SECONDS,
  exp: SECONDS + 3600,
  ...changes,
});
const sign = (claims: JWTPayload, header: Record<string, unknown> = {}, key = ours.privateKey) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'k1', ...header }).sign(key);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token with any header, whose signature is ours over exactly these bytes. */
async function signedBytes(header: unknown, claims: unknown): Promise<string> {
  const input = `${part(header)}.${part(claims)}`;
  const signature = await crypto.subtle.sign('Ed25519', ours.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

beforeAll(async () => {
  const options = { extractable: true };
  ours = await generateKeyPair('EdDSA', options);
  foreign = await generateKeyPair('EdDSA', options);
  elliptic = await generateKeyPair('ES256', options);
  rsa = await generateKeyPair('RS256', options);
  ourPrivateJwk = { ...(await exportJWK(ours.privateKey)), kid: 'k1' };
});

describe('TokenVerifier accepts', () => {
  it('a token of signToken, and says who it is', async () => {
    const token = await signToken(ourPrivateJwk, CLAIMS, 3_600_000, NOW);
    expect(await newVerifier().verify(token)).toEqual({
      sub: 'eve',
      tenant: 'acme',
      roles: new Set(['author']),
      jti: 'token-1',
      expiresAtMs: NOW + 3_600_000,
    });
  });

  it('every algorithm of the list', async () => {
    const token = await sign(payload(), { alg: 'ES256', kid: 'k2' }, elliptic.privateKey);
    expect((await newVerifier().verify(token)).sub).toBe('eve');
  });

  it.each<[string, Record<string, unknown>]>([
    ['roles it does not know, without giving them', { roles: ['author', 'emperor'] }],
    ['an audience among others', { aud: ['other', 'spillway'] }],
    ['a clock half a minute off', { exp: SECONDS - 29, nbf: SECONDS + 29 }],
    ['no jti', { jti: undefined }],
  ])('%s', async (_name, changes) => {
    expect([...(await newVerifier().verify(await sign(payload(changes)))).roles]).toEqual(['author']);
  });

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('the type %s', async (typ) => {
    expect((await newVerifier().verify(await sign(payload(), { typ }))).sub).toBe('eve');
  });
});

describe('TokenVerifier refuses', () => {
  const forged: [string, () => Promise<string> | string][] = [
    ['nothing', () => ''],
    ['no token', () => 'swordfish'],
    ['two parts', async () => (await sign(payload())).split('.').slice(0, 2).join('.')],
    ['five parts', () => 'a.b.c.d.e'],
    ['alg none without a signature', () => `${part({ alg: 'none', kid: 'k1' })}.${part(payload())}.`],
    ['alg none with one', () => `${part({ alg: 'none', kid: 'k1' })}.${part(payload())}.AAAA`],
    ['alg NONE', () => `${part({ alg: 'NONE', kid: 'k1' })}.${part(payload())}.AAAA`],
    ['alg in another case', () => signedBytes({ alg: 'eddsa', kid: 'k1' }, payload())],
    ['no alg', () => signedBytes({ kid: 'k1' }, payload())],
    [
      'HS256 with our public key as the secret',
      async () => {
        const input = `${part({ alg: 'HS256', kid: 'k1' })}.${part(payload())}`;
        return `${input}.${createHmac('sha256', await exportSPKI(ours.publicKey))
          .update(input)
          .digest('base64url')}`;
      },
    ],
    [
      'HS256 with an empty secret',
      () => {
        const input = `${part({ alg: 'HS256', kid: 'k1' })}.${part(payload())}`;
        return `${input}.${createHmac('sha256', '').update(input).digest('base64url')}`;
      },
    ],
    [
      'an algorithm that is not in the list',
      () => sign(payload(), { alg: 'RS256', kid: 'k3' }, rsa.privateKey),
    ],
    ['the algorithm of another key', () => sign(payload(), { alg: 'ES256', kid: 'k1' }, elliptic.privateKey)],
    ['a foreign key under our id', () => sign(payload(), {}, foreign.privateKey)],
    [
      'a key it brings itself',
      async () => sign(payload(), { kid: 'k9', jwk: await exportJWK(foreign.publicKey) }, foreign.privateKey),
    ],
    [
      'a key it brings under our id',
      async () => sign(payload(), { jwk: await exportJWK(foreign.publicKey) }, foreign.privateKey),
    ],
    ['an address of keys', () => sign(payload(), { jku: 'https://evil.example/jwks' }, foreign.privateKey)],
    [
      'an address of certificates',
      () => sign(payload(), { x5u: 'https://evil.example/x5' }, foreign.privateKey),
    ],
    ['no key id', () => sign(payload(), { kid: undefined })],
    ['an unknown key id', () => sign(payload(), { kid: 'k9' })],
    ['a path as key id', () => sign(payload(), { kid: '../../../dev/null' })],
    ['SQL as key id', () => sign(payload(), { kid: "k1' OR '1'='1" })],
    ['__proto__ as key id', () => sign(payload(), { kid: '__proto__' })],
    ['a number as key id', () => signedBytes({ alg: 'EdDSA', kid: 1 }, payload())],
    ['an endless key id', () => sign(payload(), { kid: 'k'.repeat(65) })],
    ['a critical extension', () => signedBytes({ alg: 'EdDSA', kid: 'k1', crit: ['exp'] }, payload())],
    [
      'the critical extension jose knows',
      () => signedBytes({ alg: 'EdDSA', kid: 'k1', crit: ['b64'], b64: true }, payload()),
    ],
    ['another type', () => sign(payload(), { typ: 'logout+jwt' })],
    ['a type that is no text', () => signedBytes({ alg: 'EdDSA', kid: 'k1', typ: 7 }, payload())],
    ['a header that is no object', () => signedBytes(['EdDSA'], payload())],
    [
      'a changed payload',
      async () => (await sign(payload())).replace(/\.[^.]+\./, `.${part(payload({ tenant: 'other' }))}.`),
    ],
    ['a cut signature', async () => (await sign(payload())).slice(0, -4)],
    ['an expired one', () => sign(payload({ exp: SECONDS - 31 }))],
    ['no expiry', () => sign(payload({ exp: undefined }))],
    [
      'an expiry as text',
      () => signedBytes({ alg: 'EdDSA', kid: 'k1' }, payload({ exp: String(SECONDS + 60) })),
    ],
    ['one that is not valid yet', () => sign(payload({ nbf: SECONDS + 60 }))],
    ['a foreign issuer', () => sign(payload({ iss: 'evil' }))],
    ['no issuer', () => sign(payload({ iss: undefined }))],
    ['a foreign audience', () => sign(payload({ aud: 'other' }))],
    ['no audience', () => sign(payload({ aud: undefined }))],
    ['no subject', () => sign(payload({ sub: undefined }))],
    ['an empty subject', () => sign(payload({ sub: '' }))],
    ['a subject with a blank', () => sign(payload({ sub: 'eve adam' }))],
    ['a long subject', () => sign(payload({ sub: 'e'.repeat(65) }))],
    ['no tenant', () => sign(payload({ tenant: undefined }))],
    ['a tenant that is a list', () => sign(payload({ tenant: ['acme'] }))],
    ['a tenant with a line break', () => sign(payload({ tenant: 'acme\n' }))],
    ['no roles', () => sign(payload({ roles: undefined }))],
    ['roles as text', () => sign(payload({ roles: 'author' }))],
    ['roles without end', () => sign(payload({ roles: Array.from({ length: 17 }, () => 'author') }))],
    ['a token id with a blank', () => sign(payload({ jti: 'a b' }))],
    ['a token of more than 4 KiB', () => sign(payload({ padding: 'x'.repeat(4096) }))],
  ];

  it.each(forged)('%s', async (_name, make) => {
    const network = jest.spyOn(globalThis, 'fetch');
    const error = await newVerifier()
      .verify(await make())
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({
      code: 'unauthenticated',
      headers: { 'www-authenticate': 'Bearer realm="spillway", error="invalid_token"' },
    });
    expect(network).not.toHaveBeenCalled();
    network.mockRestore();
  });

  it('everything while no key can be had, without calling the token wrong', async () => {
    find.mockRejectedValueOnce(new Error('away'));
    await expect(newVerifier().verify(await sign(payload()))).rejects.toMatchObject({
      code: 'authentication_unavailable',
      headers: { 'retry-after': '2' },
    });
  });
});

describe('TokenVerifier remembers', () => {
  it('a token it verified, and asks for no key again', async () => {
    const verifier = newVerifier();
    const token = await sign(payload());
    await verifier.verify(token);
    const asked = find.mock.calls.length;
    await verifier.verify(token);
    expect(find.mock.calls.length).toBe(asked);
  });

  it('and looks at the expiry every time', async () => {
    const verifier = newVerifier();
    const token = await sign(payload());
    await verifier.verify(token);
    now = NOW + 3_600_000 + 29_999;
    await verifier.verify(token);
    now = NOW + 3_600_000 + 30_000;
    await expect(verifier.verify(token)).rejects.toThrow('The token has expired.');
    now = NOW;
  });

  const unchanging: KeySource = { ...keys, version: () => 1 };

  it('and looks at revocations every time, of its own tenant', async () => {
    const verifier = newVerifier(unchanging);
    const token = await sign(payload());
    await verifier.verify(token);
    revoked.add('other token-1');
    await verifier.verify(token);
    expect(verifier.remembered(token)).toBeDefined();
    revoked.add('acme token-1');
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'token_revoked' });
    expect(verifier.remembered(token)).toBeUndefined();
    revoked.clear();
  });

  it('and trusts none while it cannot know what is revoked', async () => {
    const verifier = newVerifier(unchanging);
    const token = await sign(payload());
    await verifier.verify(token);
    expect(verifier.remembered(token)).toBeDefined();
    listKnown = false;
    expect(verifier.remembered(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'authentication_unavailable' });
    listKnown = true;
    await verifier.verify(token);
  });

  it('and forgets when the keys change', async () => {
    const verifier = newVerifier();
    const token = await sign(payload());
    await verifier.verify(token);
    keysVersion++;
    find.mockResolvedValueOnce(undefined);
    await expect(verifier.verify(token)).rejects.toThrow('unknown key');
  });

  it('no token whose key went while it was verified', async () => {
    const verifier = newVerifier();
    const [token, other] = [await sign(payload()), await sign(payload({ jti: 'token-2' }))];
    await verifier.verify(other);
    let found: (key: CryptoKey) => void = () => undefined;
    find.mockReturnValueOnce(new Promise((resolve) => (found = resolve)));
    const verified = verifier.verify(token);
    await new Promise((resolve) => setImmediate(resolve));
    keysVersion++;
    await verifier.verify(other);
    found(ours.publicKey);
    await verified;
    find.mockResolvedValueOnce(undefined);
    await expect(verifier.verify(token)).rejects.toThrow('unknown key');
  });
});
