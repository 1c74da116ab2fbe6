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
  /** As text: Node writes that together with the headers, in one piece, and bytes by `writev`, which costs more. */
  readonly body: string;
}

const FORM = '1';
const NEWLINE = 0x0a;

/** One line about the body, then the body, so that nobody needs to look into it. */
export function encodeEntry({ position, readAt, freshMs, etag, body }: PageEntry): Buffer {
  const head = `${FORM}|${positionText(position)}|${readAt}|${freshMs}|${etag}\n`;
  return Buffer.from(head + body);
}

/** The entry; undefined for what this version cannot read. */
export function decodeEntry(bytes: Buffer): PageEntry | undefined {
  const end = bytes.indexOf(NEWLINE);
  const [form, at = '', readAt = '', freshMs = '', ...etag] = bytes
    .toString('latin1', 0, Math.max(0, end))
    .split('|');
  const position = positionOfText(at);
  const entry = { readAt: Number(readAt), freshMs: Number(freshMs), etag: etag.join('|') };
  if (form !== FORM || !position || !(entry.readAt > 0) || !(entry.freshMs >= 0)) return undefined;
  return { position, ...entry, body: bytes.toString('utf8', end + 1) };
}

/** Whether it may be taken for fresh; a clock that is ahead of ours makes it no fresher. */
export const isFresh = ({ readAt, freshMs }: PageEntry, now: number): boolean =>
  Math.abs(now - readAt) < freshMs;
