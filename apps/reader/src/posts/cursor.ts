import { MAC_BYTES, type SigningKeys } from '@spillway/contracts/server';
import { uuidFromBytes, uuidToBytes, type Position } from '@spillway/contracts';

const ID_BYTES = 16;

/** Where a page ended, and the position its reader had: the next page is never older. */
export interface Cursor {
  readonly before: string;
  readonly position: Position;
}

/**
 * An opaque cursor, signed together with the tenant and the filters that it belongs to, so that it
 * cannot be taken to another list.
 */
export function issueCursor(keys: SigningKeys, scope: string, { before, position }: Cursor): string {
  const body = Buffer.concat([
    Buffer.from(keys.current),
    Buffer.from(uuidToBytes(before)),
    Buffer.from(`${position.shard} ${position.timeline.toString(16)} ${position.lsn}`),
  ]);
  const mac = keys.mac(keys.current, body, scope);
  if (!mac) throw new Error('the signing key vanished');
  return Buffer.concat([mac, body]).toString('base64url');
}

/** The cursor, or null when it is not one of ours or of another list. */
export function readCursor(keys: SigningKeys, scope: string, text: string): Cursor | null {
  if (!/^[A-Za-z0-9_-]{60,120}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  const mac = bytes.subarray(0, MAC_BYTES);
  const body = bytes.subarray(MAC_BYTES);
  if (!keys.verify(String.fromCharCode(body[0] ?? 0), mac, body, scope)) return null;
  const [shard = '', timeline = '', lsn = ''] = body
    .subarray(1 + ID_BYTES)
    .toString()
    .split(' ');
  return {
    before: uuidFromBytes(body.subarray(1, 1 + ID_BYTES)),
    position: { shard, timeline: Number.parseInt(timeline, 16), lsn },
  };
}
