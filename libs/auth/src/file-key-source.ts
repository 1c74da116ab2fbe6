import { readFile, stat } from 'node:fs/promises';
import { importJWK, type CryptoKey, type JWK } from 'jose';
import type { Algorithm } from './config.js';
import type { KeySource } from './key-source.js';

const CHECK_INTERVAL_MS = 1000;
const KID = /^[A-Za-z0-9_-]{1,64}$/;

/** Keys of a JWKS file. A changed file is picked up while running; a broken one leaves the last good keys. */
export class FileKeySource implements KeySource {
  private keys: ReadonlyMap<string, CryptoKey> = new Map();
  private stamp = '';
  private changes = 0;
  private checkedAt = -Infinity;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly file: URL,
    /** Milliseconds of a clock that never goes back. */
    private readonly clock: () => number = () => performance.now(),
  ) {}

  async find(kid: string, algorithm: Algorithm): Promise<CryptoKey | undefined> {
    await this.refresh();
    if (this.keys.size === 0) throw new Error('no key could be loaded from the file of AUTH_JWKS');
    return this.keys.get(`${algorithm} ${kid}`);
  }

  version(): number | Promise<number> {
    return this.refresh()?.then(() => this.changes) ?? this.changes;
  }

  async available(): Promise<boolean> {
    await this.refresh();
    return this.keys.size > 0;
  }

  /** Undefined while the last look is recent enough. */
  private refresh(): Promise<void> | undefined {
    if (this.checking) return this.checking;
    if (this.clock() - this.checkedAt < CHECK_INTERVAL_MS) return undefined;
    this.checking = this.check().finally(() => {
      this.checkedAt = this.clock();
      this.checking = undefined;
    });
    return this.checking;
  }

  private async check(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === this.stamp) return;
      this.keys = await parseKeys(await readFile(this.file, 'utf8'));
      this.stamp = stamp;
      this.changes++;
    } catch {
      // The last good keys stay; without any, the probe is down and every token is refused.
    }
  }
}

/** @throws Error when the text is not a JWKS of public signature keys, each with an id of its own. */
async function parseKeys(text: string): Promise<ReadonlyMap<string, CryptoKey>> {
  const { keys } = JSON.parse(text) as { keys: readonly JWK[] };
  const found = new Map<string, CryptoKey>();
  for (const jwk of keys) {
    const algorithm = algorithmOf(jwk);
    if (!algorithm || (jwk.use !== undefined && jwk.use !== 'sig')) continue;
    if (jwk.d !== undefined) throw new Error('a private key does not belong here');
    if (jwk.kid === undefined || !KID.test(jwk.kid))
      throw new Error('a key needs a kid of 1 to 64 of A-Za-z0-9_-');
    const key = await importJWK(jwk, algorithm);
    if (key instanceof Uint8Array) continue;
    found.set(`${algorithm} ${jwk.kid}`, key);
  }
  return found;
}

function algorithmOf({ kty, crv }: JWK): Algorithm | undefined {
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  return kty === 'RSA' ? 'RS256' : undefined;
}
