import { createRemoteJWKSet, errors, type CryptoKey, type RemoteJWKSetOptions } from 'jose';
import type { Algorithm } from './config.js';
import type { KeySource } from './key-source.js';

const TIMEOUT_MS = 3000;
const COOLDOWN_MS = 30_000;
const MAX_AGE_MS = 600_000;

/** Keys of an HTTPS address: fetched when needed, again for an unknown id (at most every 30 s) and after ten minutes. */
export class RemoteKeySource implements KeySource {
  private readonly jwks: ReturnType<typeof createRemoteJWKSet>;

  constructor(address: URL, options: RemoteJWKSetOptions = {}) {
    this.jwks = createRemoteJWKSet(address, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      ...options,
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

  version(): number {
    return 0;
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
