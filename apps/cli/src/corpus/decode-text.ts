/**
 * Bytes as text: UTF-8 when they are valid UTF-8, else by `legacyEncoding` (a label of the Encoding
 * Standard), else null.
 */
export function decodeText(bytes: Uint8Array, legacyEncoding: string): string | null {
  for (const encoding of ['utf-8', legacyEncoding]) {
    try {
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes);
    } catch {
      continue;
    }
  }
  return null;
}
