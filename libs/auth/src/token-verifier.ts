import { hash } from 'node:crypto';
import { jwtVerify, type CryptoKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { processClock } from '@spillway/contracts/server';
import { revoked, unauthenticated, unverifiable } from './auth-error.js';
import type { AuthConfig } from './config.js';
import type { KeySource } from './key-source.js';
import type { Principal } from './principal.js';
import { NO_REVOCATIONS, type RevocationCheck } from './revocation.js';
import { principalOf } from './token-claims.js';
import { readTokenHeader, TOKEN_MAX_BYTES } from './token-header.js';

const SKEW_MS = 30_000;
const CACHED_TOKENS = 10_000;
const CACHED_FOR_MS = 300_000;

export interface TokenVerifierOptions {
  readonly config: AuthConfig;
  readonly keys: KeySource;
  readonly revocations?: RevocationCheck;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/**
 * Turns a token into a principal. Keys come from the configuration and never from the token. A token that
 * was verified once is remembered by its hash; its expiry and revocation are looked at every time, and a
 * change of keys forgets all.
 */
export class TokenVerifier {
  private readonly verified = new LRUCache<string, Principal>({ max: CACHED_TOKENS, ttl: CACHED_FOR_MS });
  private keysVersion = 0;
  private readonly now: () => number;
  private readonly revocations: RevocationCheck;

  constructor(private readonly options: TokenVerifierOptions) {
    this.now = options.now ?? (() => processClock.now());
    this.revocations = options.revocations ?? NO_REVOCATIONS;
  }

  /** @throws AuthError saying what is wrong with the token (401), or that nobody can tell now (503). */
  async verify(token: string): Promise<Principal> {
    if (token.length > TOKEN_MAX_BYTES)
      throw unauthenticated('The token is longer than 4 KiB.', 'invalid_token');
    await this.forgetWhenKeysChanged();
    const id = idOf(token);
    let principal = this.verified.get(id);
    if (!principal) {
      const checkedWith = this.keysVersion;
      principal = await this.check(token);
      // Another request may have noticed meanwhile that its key is gone.
      if (this.keysVersion === checkedWith) this.verified.set(id, principal);
    }
    if (this.isExpired(principal)) throw unauthenticated('The token has expired.', 'invalid_token');
    if (this.isRevoked(principal)) throw revoked();
    if (!this.revocations.known) throw unverifiable('The list of revoked tokens is');
    return principal;
  }

  /**
   * The principal of a token that was verified before and that still holds, without waiting for anything.
   * Undefined says nothing about the token: ask `verify`.
   */
  remembered(token: string): Principal | undefined {
    if (token.length > TOKEN_MAX_BYTES || this.options.keys.version() !== this.keysVersion) return undefined;
    if (!this.revocations.known) return undefined;
    const principal = this.verified.get(idOf(token));
    return principal && !this.isExpired(principal) && !this.isRevoked(principal) ? principal : undefined;
  }

  private isExpired({ expiresAtMs }: Principal): boolean {
    return expiresAtMs + SKEW_MS <= this.now();
  }

  private isRevoked({ tenant, jti }: Principal): boolean {
    return jti !== undefined && this.revocations.isRevoked(tenant, jti);
  }

  private async forgetWhenKeysChanged(): Promise<void> {
    const version = await this.options.keys.version();
    if (version === this.keysVersion) return;
    this.keysVersion = version;
    this.verified.clear();
  }

  private async key(kid: string, alg: AuthConfig['authAlgorithms'][number]): Promise<CryptoKey> {
    let key: CryptoKey | undefined;
    try {
      key = await this.options.keys.find(kid, alg);
    } catch (error) {
      throw unverifiable('The keys that verify tokens are', error);
    }
    if (!key) throw unauthenticated('The token is signed with an unknown key.', 'invalid_token');
    return key;
  }

  private async check(token: string): Promise<Principal> {
    const { config } = this.options;
    const { kid, alg } = readTokenHeader(token, config.authAlgorithms);
    const key = await this.key(kid, alg);
    let principal: Principal | undefined;
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [alg],
        issuer: config.authIssuer,
        audience: config.authAudience,
        clockTolerance: SKEW_MS / 1000,
        currentDate: new Date(this.now()),
        requiredClaims: ['exp', 'sub'],
      });
      principal = principalOf(payload, config);
    } catch (error) {
      throw unauthenticated(
        'The token is not valid: its signature, issuer, audience or times are wrong.',
        'invalid_token',
        error,
      );
    }
    if (!principal) throw unauthenticated('A claim of the token is missing or malformed.', 'invalid_token');
    return principal;
  }
}

const idOf = (token: string): string => hash('sha256', token, 'base64');
