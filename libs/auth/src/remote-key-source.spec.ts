import { describe, expect, it } from '@jest/globals';
import { customFetch, exportJWK, generateKeyPair, type JWK, type RemoteJWKSetOptions } from 'jose';
import { eventually } from '@spillway/testing';
import { jwksProbe } from './jwks-probe.js';
import { RemoteKeySource } from './remote-key-source.js';

describe('RemoteKeySource', () => {
  const publicJwk = async (kid: string): Promise<JWK> => ({
    ...(await exportJWK((await generateKeyPair('EdDSA', { extractable: true })).publicKey)),
    kid,
  });
  /** A source whose issuer answers with `keys()`, or is away when that throws. */
  function sourceOf(keys: () => JWK[], options: RemoteJWKSetOptions = {}) {
    const seen = { fetches: 0 };
    const source = new RemoteKeySource(new URL('https://issuer.example/jwks.json'), {
      cooldownDuration: 0,
      ...options,
      [customFetch]: () => {
        seen.fetches++;
        return Promise.resolve().then(() => Response.json({ keys: keys() }));
      },
    });
    return { source, seen };
  }

  it('fetches once for many', async () => {
    const jwk = await publicJwk('k1');
    const { source, seen } = sourceOf(() => [jwk]);
    const found = await Promise.all([source.find('k1', 'EdDSA'), source.find('k1', 'EdDSA')]);
    expect(found.every(Boolean)).toBe(true);
    await source.find('k1', 'EdDSA');
    expect(seen.fetches).toBe(1);
  });

  it('fetches again for an id it does not know', async () => {
    const keys = [await publicJwk('k1')];
    const { source } = sourceOf(() => keys);
    expect(await source.find('k2', 'EdDSA')).toBeUndefined();
    keys.push(await publicJwk('k2'));
    expect(await source.find('k2', 'EdDSA')).toBeDefined();
  });

  it('has another version once its keys changed, and only then', async () => {
    const keys = [await publicJwk('k1'), await publicJwk('k2')];
    const { source } = sourceOf(() => keys);
    await source.find('k1', 'EdDSA');
    const before = source.version();
    await source.find('unknown', 'EdDSA');
    expect(source.version()).toBe(before);
    keys.pop();
    await source.find('unknown', 'EdDSA');
    const after = source.version();
    expect(after).not.toBe(before);
    expect(source.version()).toBe(after);
  });

  it('fetches keys that are too old although all tokens are remembered', async () => {
    const keys = [await publicJwk('k1'), await publicJwk('k2')];
    const { source, seen } = sourceOf(() => keys, { cacheMaxAge: 0 });
    expect(source.version()).toBe(source.version());
    await source.find('k1', 'EdDSA');
    keys.pop();
    const before = source.version();
    await eventually('its version', () => source.version() !== before);
    const { fetches } = seen;
    source.version();
    expect(seen.fetches).toBe(fetches);
  });

  it('is down while its issuer is, and up afterwards', async () => {
    let away = true;
    const jwk = await publicJwk('k1');
    const { source } = sourceOf(() => {
      if (away) throw new Error('away');
      return [jwk];
    });
    const probe = jwksProbe(source);
    expect(await probe.check()).toMatchObject({ up: false });
    await expect(source.find('k1', 'EdDSA')).rejects.toThrow();
    away = false;
    expect(await probe.check()).toEqual({ up: true });
    expect(await source.find('k1', 'EdDSA')).toBeDefined();
  });
});
