import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { FileKeySource } from './file-key-source.js';
import { jwksProbe } from './jwks-probe.js';

describe('FileKeySource', () => {
  let folder: string;
  let file: string;
  let clock = 0;
  let written = 0;
  let source: FileKeySource;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwks-'));
    file = join(folder, 'jwks.json');
    source = new FileKeySource(pathToFileURL(file), () => clock);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const publicJwk = async (
    kid: string | undefined,
    alg: 'EdDSA' | 'ES256' | 'RS256' = 'EdDSA',
  ): Promise<JWK> => {
    const { publicKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  };
  /** Writes the file with a time of its own, and lets a second pass. */
  async function write(content: string): Promise<void> {
    await writeFile(file, content);
    await utimes(file, 1_000_000, 1_000_000 + ++written);
    clock += 1000;
  }
  const writeKeys = async (...keys: JWK[]) => write(JSON.stringify({ keys }));

  it('is not available until the file is there, and then is', async () => {
    const probe = jwksProbe(source);
    expect(await probe.check()).toMatchObject({ up: false });
    await expect(source.find('k1', 'EdDSA')).rejects.toThrow('no key could be loaded');
    await writeKeys(await publicJwk('k1'));
    expect(await probe.check()).toEqual({ up: true });
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
  });

  it('finds a key by id and algorithm alone', async () => {
    await writeKeys(await publicJwk('k1'), await publicJwk('k2', 'ES256'), await publicJwk('k3', 'RS256'));
    expect(await source.find('k2', 'ES256')).toBeDefined();
    expect(await source.find('k3', 'RS256')).toBeDefined();
    expect(await source.find('k1', 'ES256')).toBeUndefined();
    expect(await source.find('k9', 'EdDSA')).toBeUndefined();
  });

  it('follows a rotation while running, looking once a second', async () => {
    await writeKeys(await publicJwk('old'));
    const before = await source.version();
    expect(await source.find('old', 'EdDSA')).toBeDefined();
    await writeKeys(await publicJwk('new'));
    clock -= 1;
    expect(await source.find('new', 'EdDSA')).toBeUndefined();
    expect(await source.version()).toBe(before);
    clock += 1;
    expect(await source.find('new', 'EdDSA')).toBeDefined();
    expect(await source.find('old', 'EdDSA')).toBeUndefined();
    expect(await source.version()).not.toBe(before);
  });

  it.each([
    ['a broken file', () => '{"keys":['],
    ['no key set', () => '[]'],
    [
      'a private key',
      async () => {
        const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
        return JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: 'k2' }] });
      },
    ],
    ['a key without an id', async () => JSON.stringify({ keys: [await publicJwk(undefined)] })],
  ])('keeps the last good keys over %s', async (_name, content) => {
    await writeKeys(await publicJwk('k1'));
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
    await write(await content());
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
    expect(await source.find('k2', 'EdDSA')).toBeUndefined();
  });

  it('keeps them when the file vanishes', async () => {
    await writeKeys(await publicJwk('k1'));
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
    await rm(file);
    clock += 1000;
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
  });

  it('leaves out keys for other uses and of other kinds', async () => {
    await writeKeys(
      { ...(await publicJwk('k1')), use: 'enc' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'k2' },
      await publicJwk('k3'),
    );
    expect(await source.find('k1', 'EdDSA')).toBeUndefined();
    expect(await source.find('k3', 'EdDSA')).toBeDefined();
  });
});
