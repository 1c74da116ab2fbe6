import type { CryptoKey } from 'jose';
import type { Algorithm } from './config.js';
import { FileKeySource } from './file-key-source.js';
import { RemoteKeySource } from './remote-key-source.js';

/** Public keys by their id. */
export interface KeySource {
  /** The key, or undefined when there is none of this id and algorithm. @throws Error when no keys can be had. */
  find(kid: string, algorithm: Algorithm): Promise<CryptoKey | undefined>;
  /**
   * A value that differs after every change of the keys. Looks whether they changed at most once a second,
   * and only then is it a promise, which never rejects.
   */
  version(): number | Promise<number>;
  /** True once at least one key is there; tries to load when there is none. */
  available(): Promise<boolean>;
}

/** @param address `file:` or `https:`. */
export const createKeySource = (address: URL): KeySource =>
  address.protocol === 'file:' ? new FileKeySource(address) : new RemoteKeySource(address);
