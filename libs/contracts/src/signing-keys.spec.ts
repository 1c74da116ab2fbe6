import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAC_BYTES, SigningKeys } from './signing-keys.js';

const SECRET = Buffer.alloc(32, 7);
const keys = SigningKeys.parse(`a:${SECRET.toString('base64')}`, 'ticket');

describe('SigningKeys', () => {
  it("signs as Node's HMAC-SHA256 does, whatever is signed", () => {
    const derived = Buffer.from(hkdfSync('sha256', SECRET, Buffer.alloc(0), 'spillway ticket', 32));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' }), (bytes, text) => {
        const expected = createHmac('sha256', derived).update(bytes).update(text).digest();
        const mac = keys.mac('a', bytes, text);
        expect(mac?.toString('hex')).toBe(expected.subarray(0, MAC_BYTES).toString('hex'));
        expect(mac !== null && keys.verify('a', mac, bytes, text)).toBe(true);
      }),
    );
  });

  it('knows no signature of another key, purpose or text', () => {
    const mac = keys.mac('a', 'x') ?? Buffer.alloc(0);
    expect(keys.verify('a', mac, 'y')).toBe(false);
    expect(keys.verify('b', mac, 'x')).toBe(false);
    expect(keys.verify('a', mac.subarray(1), 'x')).toBe(false);
    const cursor = SigningKeys.parse(`a:${SECRET.toString('base64')}`, 'cursor');
    expect(cursor.verify('a', mac, 'x')).toBe(false);
    expect(keys.mac('b', 'x')).toBeNull();
  });
});
