/**
 * Post ids are UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness. The id is the
 * post's time, its place in the feed and its primary key, so it is minted once and never changed.
 */

/** Any UUID in its canonical lower-case form. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isUuid = (value: string): boolean => UUID.test(value);
export const isUuidV7 = (value: string): boolean => UUID_V7.test(value);

/** Two hex digits of every byte: an id is made for every post. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexOf = (bytes: Uint8Array, from: number, to: number): string => {
  let hex = '';
  for (let at = from; at < to; at++) hex += HEX[bytes[at] ?? 0] ?? '';
  return hex;
};

/** 16 bytes as the canonical lower-case text form. */
export const uuidFromBytes = (bytes: Uint8Array): string =>
  `${hexOf(bytes, 0, 4)}-${hexOf(bytes, 4, 6)}-${hexOf(bytes, 6, 8)}-${hexOf(bytes, 8, 10)}-${hexOf(bytes, 10, 16)}`;

/** The canonical text form as 16 bytes. */
export function uuidToBytes(uuid: string): Uint8Array {
  const hex = uuid.replaceAll('-', '');
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

const ENTROPY_BYTES = 10;
/** Random bytes are fetched for many ids at once, since a fetch costs more than an id. Each is used once. */
const pool = new Uint8Array(100 * ENTROPY_BYTES);
let pooled = 0;

function freshEntropy(): Uint8Array {
  if (pooled === 0) {
    globalThis.crypto.getRandomValues(pool);
    pooled = pool.length;
  }
  pooled -= ENTROPY_BYTES;
  return pool.subarray(pooled, pooled + ENTROPY_BYTES);
}

/**
 * A new UUIDv7 for `unixMs`. `entropy` (10 bytes) makes it deterministic, for imports that derive
 * an id from a line of a file; left out, it is random.
 */
export function uuidV7(unixMs: number = Date.now(), entropy: Uint8Array = freshEntropy()): string {
  const bytes = new Uint8Array(16);
  bytes.set(entropy.subarray(0, ENTROPY_BYTES), 6);
  let time = unixMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return uuidFromBytes(bytes);
}

/** Unix milliseconds held in the first 48 bits of a UUIDv7. */
export const uuidV7Time = (uuid: string): number => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);

/** The smallest uuid of a millisecond: the lower bound of a time range over ids. */
export function uuidV7Floor(unixMs: number): string {
  const hex = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
