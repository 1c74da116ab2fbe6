import type { Position } from '@spillway/contracts';
import type { SigningKeys } from '@spillway/contracts/server';
import { signBytes, signedBytes } from '../signed-bytes.js';

/** Where a page ended, and the position its reader had: the next page is never older. */
export interface Cursor {
  /** The id or name that was looked at last. */
  readonly last: string;
  readonly position: Position;
}

/**
 * An opaque cursor, signed together with the tenant and the filters that it belongs to, so that it
 * cannot be taken to another list.
 */
export const issueCursor = (keys: SigningKeys, list: string, { last, position }: Cursor): string =>
  signBytes(
    keys,
    list,
    Buffer.from(`${position.shard} ${position.timeline.toString(16)} ${position.lsn} ${last}`),
  );

/** The cursor, or null when it is not one of ours or of another list. */
export function readCursor(keys: SigningKeys, list: string, text: string): Cursor | null {
  const match = /^(\S+) (\S+) (\S+) (.+)$/s.exec(signedBytes(keys, list, text)?.toString() ?? '');
  if (!match) return null;
  const [, shard = '', timeline = '', lsn = '', last = ''] = match;
  return { last, position: { shard, timeline: Number.parseInt(timeline, 16), lsn } };
}
