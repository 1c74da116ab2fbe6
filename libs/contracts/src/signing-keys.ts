import { hash, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a signature is for; each purpose has keys of its own, so one kind never passes as another. */
export type SigningPurpose = 'ticket' | 'consistency' | 'cursor';

export const MAC_BYTES = 16;
const KEY_ID = /^[a-z0-9]$/;
/** Of SHA-256. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/** The key of an HMAC, padded to a block, once for either hash (RFC 2104 §2). */
interface HmacKey {
  readonly inner: Buffer;
  /** With room behind it for the inner hash. */
  readonly outer: Buffer;
}

function hmacKey(key: Uint8Array): HmacKey {
  const padded = Buffer.alloc(BLOCK_BYTES);
  padded.set(key);
  return {
    inner: padded.map((byte) => byte ^ 0x36) as Buffer,
    outer: Buffer.concat([padded.map((byte) => byte ^ 0x5c), Buffer.alloc(HASH_BYTES)]),
  };
}

/**
 * HMAC-SHA256 by two hashes in one call each, which takes a third of what an Hmac object costs. Hashes come as text of a
 * character a byte: to make a buffer of each costs more than the hash.
 */
function hmacSha256({ inner, outer }: HmacKey, parts: readonly (string | Uint8Array)[]): Buffer {
  const message = Buffer.concat([
    inner,
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  ]);
  outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'binary');
  return Buffer.from(hash('sha256', outer, 'binary'), 'binary');
}

/**
 * Keys that sign what clients carry for us. The first of the list signs, all verify, so a key is
 * rotated by putting a new one in front and removing the old one when its signatures have expired.
 */
export class SigningKeys {
  private constructor(
    private readonly keys: ReadonlyMap<string, HmacKey>,
    /** Key id of new signatures: one character. */
    readonly current: string,
  ) {}

  /**
   * @param text `id:base64[,id:base64…]`, an id being one of `a-z0-9` and a secret at least 32 bytes.
   * @throws Error that names the form, never a secret.
   */
  static parse(text: string, purpose: SigningPurpose): SigningKeys {
    const keys = new Map<string, HmacKey>();
    for (const part of text.split(',')) {
      const [id = '', encoded = ''] = part.trim().split(':');
      const secret = Buffer.from(encoded, 'base64');
      if (!KEY_ID.test(id) || secret.length < 32 || keys.has(id)) {
        throw new Error(
          'must be id:base64[,id:base64…], each id one of a-z0-9, each secret 32 bytes or more',
        );
      }
      const derived = hkdfSync('sha256', secret, Buffer.alloc(0), `spillway ${purpose}`, 32);
      keys.set(id, hmacKey(new Uint8Array(derived)));
    }
    const [current] = keys.keys();
    if (current === undefined) throw new Error('needs at least one key');
    return new SigningKeys(keys, current);
  }

  /** HMAC-SHA256, cut to 128 bits (RFC 2104 §5). Null when the key id is unknown. */
  mac(keyId: string, ...parts: readonly (string | Uint8Array)[]): Buffer | null {
    const key = this.keys.get(keyId);
    return key ? hmacSha256(key, parts).subarray(0, MAC_BYTES) : null;
  }

  verify(keyId: string, mac: Uint8Array, ...parts: readonly (string | Uint8Array)[]): boolean {
    const expected = this.mac(keyId, ...parts);
    return expected !== null && mac.length === MAC_BYTES && timingSafeEqual(expected, mac);
  }
}
