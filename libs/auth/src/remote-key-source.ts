import {
  createRemoteJWKSet,
  errors,
  jwksCache,
  type CryptoKey,
  type JWKSCacheInput,
  type RemoteJWKSetOptions,
} from 'jose';
import type { Algorithm } from './config.js';
import type { KeySource } from './key-source.js';

const TIMEOUT_MS = 3000;
const COOLDOWN_MS = 30_000;
const MAX_AGE_MS = 600_000;

/** Keys of an HTTPS address: fetched when needed, again for an unknown id (at most every 30 s) and after ten minutes. */
export class RemoteKeySource implements KeySource {
  private readonly jwks: ReturnType<typeof createRemoteJWKSet>;
  /** What `jwks` fetched last: another object after each fetch, of the same keys or others. */
  private readonly fetched: JWKSCacheInput = {};
  private seen: unknown;
  private seenText: string | undefined;
  private changes = 0;
  private refreshedAt = -Infinity;

  constructor(address: URL, options: RemoteJWKSetOptions = {}) {
    this.jwks = createRemoteJWKSet(address, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      ...options,
      [jwksCache]: this.fetched,
    });
  }

  async find(kid: string, algorithm: Algorithm): Promise<CryptoKey | undefined> {
    try {
      return await this.jwks({ kid, alg: algorithm });
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        return undefined;
      throw error;
    }
  }

  /** Fetches keys that are too old behind its back: tokens that are remembered ask for none. */
  version(): number {
    const now = performance.now();
    if (this.seen !== undefined && !this.jwks.fresh && now - this.refreshedAt >= COOLDOWN_MS) {
      this.refreshedAt = now;
      this.jwks.reload().catch(() => undefined);
    }
    if (this.fetched.jwks !== this.seen) this.compare(this.fetched.jwks);
    return this.changes;
  }

  private compare(keys: unknown): void {
    const text = JSON.stringify(keys);
    if (text !== this.seenText) this.changes++;
    this.seen = keys;
    this.seenText = text;
  }

  async available(): Promise<boolean> {
    if (this.jwks.jwks() !== undefined) return true;
    try {
      if (!this.jwks.coolingDown) await this.jwks.reload();
    } catch {
      return false;
    }
    return this.jwks.jwks() !== undefined;
  }
}
