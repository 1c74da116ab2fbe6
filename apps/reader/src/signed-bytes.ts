import { MAC_BYTES, type SigningKeys } from '@spillway/contracts/server';

const FORM = /^[A-Za-z0-9_-]{24,400}$/;

/** Bytes that a client carries for us: opaque to it, and void outside of `scope`. */
export function signBytes(keys: SigningKeys, scope: string, bytes: Uint8Array): string {
  const body = Buffer.concat([Buffer.from(keys.current), bytes]);
  const mac = keys.mac(keys.current, body, scope);
  if (!mac) throw new Error('the signing key vanished');
  return Buffer.concat([mac, body]).toString('base64url');
}

/** The bytes, or null when they were not signed by us for this scope. */
export function signedBytes(keys: SigningKeys, scope: string, text: string): Buffer | null {
  if (!FORM.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  const body = bytes.subarray(MAC_BYTES);
  const genuine = keys.verify(String.fromCharCode(body[0] ?? 0), bytes.subarray(0, MAC_BYTES), body, scope);
  return genuine ? body.subarray(1) : null;
}
