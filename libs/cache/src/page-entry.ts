import type { Position } from '@spillway/contracts';
import { positionOfText, positionText } from './position-text.js';

/** An answer as it is sent, and what it is known to contain. */
export interface PageEntry {
  /** Everything committed up to here is in it. */
  readonly position: Position;
  /** Unix milliseconds when it was begun to be read. */
  readonly readAt: number;
  /** Milliseconds from then on that it may be taken for fresh. */
  readonly freshMs: number;
  readonly etag: string;
  /** The body's bytes. */
  readonly body: Buffer;
}

const FORM = '1';
const NEWLINE = 0x0a;

/** One line about the body, then the body, so that nobody needs to look into it. */
export function encodeEntry({ position, readAt, freshMs, etag, body }: PageEntry): Buffer {
  const head = `${FORM}|${positionText(position)}|${readAt}|${freshMs}|${etag}\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/**
 * The entry; undefined for what this version cannot read. Its body is a copy: what Redis sent is a part of a
 * larger piece of memory, which a page that is held would hold with it.
 */
export function decodeEntry(bytes: Buffer): PageEntry | undefined {
  const end = bytes.indexOf(NEWLINE);
  const [form, at = '', readAt = '', freshMs = '', ...etag] = bytes
    .toString('latin1', 0, Math.max(0, end))
    .split('|');
  const position = positionOfText(at);
  const entry = { readAt: Number(readAt), freshMs: Number(freshMs), etag: etag.join('|') };
  if (form !== FORM || !position || !(entry.readAt > 0) || !(entry.freshMs >= 0)) return undefined;
  const body = Buffer.allocUnsafeSlow(bytes.length - end - 1);
  bytes.copy(body, 0, end + 1);
  return { position, ...entry, body };
}

/** Whether it may be taken for fresh; a clock that is ahead of ours makes it no fresher. */
export const isFresh = ({ readAt, freshMs }: PageEntry, now: number): boolean =>
  Math.abs(now - readAt) < freshMs;
