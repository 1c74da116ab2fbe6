import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, jwtVerify, type CryptoKey } from 'jose';
import { mintToken } from './token.js';

describe('mintToken', () => {
  const dir = mkdtempSync(join(tmpdir(), 'token-'));
  let publicKey: CryptoKey;
  beforeAll(async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    publicKey = pair.publicKey;
    mkdirSync(join(dir, 'keys'));
    const jwk = { ...(await exportJWK(pair.privateKey)), kid: 'local-1' };
    writeFileSync(join(dir, 'keys', 'private.jwk'), JSON.stringify(jwk));
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  it('signs the claims that the services verify', async () => {
    const token = await mintToken(dir, { tenant: 'acme', sub: 'alice', roles: ['author', 'moderator'] });
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
      issuer: 'spillway-local',
      audience: 'spillway',
      algorithms: ['EdDSA'],
    });
    expect(payload).toMatchObject({ tenant: 'acme', sub: 'alice', roles: ['author', 'moderator'] });
    expect(payload.jti).toEqual(expect.any(String));
    expect(protectedHeader.kid).toBe('local-1');
  });

  it('can make one that is over already', async () => {
    const token = await mintToken(dir, { tenant: 'acme', sub: 'alice', ttlSeconds: -10 });
    await expect(jwtVerify(token, publicKey)).rejects.toThrow('exp');
  });

  it('says what is missing without a key', async () => {
    await expect(mintToken(join(dir, 'nowhere'), { tenant: 'a', sub: 'b' })).rejects.toThrow(
      'No token was signed',
    );
  });
});
