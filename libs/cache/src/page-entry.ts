import { reaches, type Position } from '@spillway/contracts';
import { positionOfText, positionText } from './position-text.js';

/** An answer as it is sent, and what it is known to contain. */
export interface PageEntry {
  /** Everything committed up to here is in it. */
  readonly position: Position;
  /** It was read from the primary, where the position itself may be of a commit that could not be seen yet. */
  readonly fromPrimary: boolean;
  /** Unix milliseconds when it was begun to be read. */
  readonly readAt: number;
  /** Milliseconds from then on that it may be taken for fresh. */
  readonly freshMs: number;
  readonly etag: string;
  /** As text: Node writes that together with the headers, in one piece, and bytes by `writev`, which costs more. */
  readonly body: string;
}

/** Milliseconds that an entry is kept; it is taken for fresh no longer than that, give or take `FRESH_SPREAD`. */
export const KEEP_MS = 300_000;
const FRESH_SPREAD = 0.15;
/** Older than this, in milliseconds, no entry is fresh. */
export const FRESH_MAX_MS = KEEP_MS * (1 + FRESH_SPREAD);

const FORM = '1';
/** A form of its own, so that a reader that does not know the difference does not take it for the other. */
const FORM_FROM_PRIMARY = '2';
const NEWLINE = 0x0a;

/** One line about the body, then the body, so that nobody needs to look into it. */
export function encodeEntry({ position, fromPrimary, readAt, freshMs, etag, body }: PageEntry): Buffer {
  const form = fromPrimary ? FORM_FROM_PRIMARY : FORM;
  const head = `${form}|${positionText(position)}|${readAt}|${freshMs}|${etag}\n`;
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
  const fromPrimary = form === FORM_FROM_PRIMARY;
  if ((form !== FORM && !fromPrimary) || !position || !(entry.readAt > 0) || !(entry.freshMs >= 0))
    return undefined;
  return { position, fromPrimary, ...entry, body: bytes.toString('utf8', end + 1) };
}

/**
 * Whether everything up to `need` is in a page. One of the primary must be beyond it: a need before its position
 * was told before it was read, and so could be seen by then.
 */
export function contains(
  { position, fromPrimary }: { readonly position: Position; readonly fromPrimary?: boolean },
  need: Position | undefined,
): boolean {
  if (need === undefined) return true;
  return reaches(position, need) && !(fromPrimary && position.lsn === need.lsn);
}

/** Whether it may be taken for fresh; a clock that is ahead of ours makes it no fresher. */
export const isFresh = ({ readAt, freshMs }: PageEntry, now: number): boolean =>
  Math.abs(now - readAt) < freshMs;

/** Whole seconds since it was read. */
export const ageSecondsOf = ({ readAt }: PageEntry, now: number): number =>
  Math.max(0, Math.floor((now - readAt) / 1000));

/** Entries that were read together do not grow old together. */
export const jittered = (ms: number): number =>
  Math.round(Math.min(ms, KEEP_MS) * (1 - FRESH_SPREAD + Math.random() * 2 * FRESH_SPREAD));
