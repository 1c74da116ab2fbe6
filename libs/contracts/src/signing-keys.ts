import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What a signature is for; each purpose has keys of its own, so one kind never passes as another. */
export type SigningPurpose = 'ticket' | 'consistency' | 'cursor';

export const MAC_BYTES = 16;
const KEY_ID = /^[a-z0-9]$/;

/**
 * Keys that sign what clients carry for us. The first of the list signs, all verify, so a key is
 * rotated by putting a new one in front and removing the old one when its signatures have expired.
 */
export class SigningKeys {
  private constructor(
    private readonly keys: ReadonlyMap<string, KeyObject>,
    /** Key id of new signatures: one character. */
    readonly current: string,
  ) {}

  /**
   * @param text `id:base64[,id:base64…]`, an id being one of `a-z0-9` and a secret at least 32 bytes.
   * @throws Error that names the form, never a secret.
   */
  static parse(text: string, purpose: SigningPurpose): SigningKeys {
    const keys = new Map<string, KeyObject>();
    for (const part of text.split(',')) {
      const [id = '', encoded = ''] = part.trim().split(':');
      const secret = Buffer.from(encoded, 'base64');
      if (!KEY_ID.test(id) || secret.length < 32 || keys.has(id)) {
        throw new Error(
          'must be id:base64[,id:base64…], each id one of a-z0-9, each secret 32 bytes or more',
        );
      }
      // A key object is made once; from bytes each signature would make one, at six times its own cost.
      const derived = hkdfSync('sha256', secret, Buffer.alloc(0), `spillway ${purpose}`, 32);
      keys.set(id, createSecretKey(Buffer.from(derived)));
    }
    const [current] = keys.keys();
    if (current === undefined) throw new Error('needs at least one key');
    return new SigningKeys(keys, current);
  }

  /** HMAC-SHA256, cut to 128 bits (RFC 2104 §5). Null when the key id is unknown. */
  mac(keyId: string, ...parts: readonly (string | Uint8Array)[]): Buffer | null {
    const key = this.keys.get(keyId);
    if (!key) return null;
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    // Node makes a text faster than a buffer of its own, by more than the signature takes.
    return Buffer.from(hmac.digest('hex'), 'hex').subarray(0, MAC_BYTES);
  }

  verify(keyId: string, mac: Uint8Array, ...parts: readonly (string | Uint8Array)[]): boolean {
    const expected = this.mac(keyId, ...parts);
    return expected !== null && mac.length === MAC_BYTES && timingSafeEqual(expected, mac);
  }
}
