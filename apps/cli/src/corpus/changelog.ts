import { foldTags, TAGS_MAX } from '@spillway/contracts';
import type { Message } from './message.js';

/** An entry of a Debian changelog that has no author or no time that can be read. */
export interface UnreadableEntry {
  readonly unreadable: string;
}

/** deb-changelog(5): `package (version) distributions; key=value, …` */
const HEADING = /^([a-z0-9][a-z0-9+.-]*) \([^() \t]+\)((?:\s+[a-z0-9+.-]+)+);(.*)$/i;
/** ` -- maintainer <address>  date` */
const TRAILER = /^ -- (.*?)\s*<(.*?)>\s+(.*?)\s*$/;
const URGENCY = /\burgency\s*=\s*([a-z]+)/i;
/** RFC 5322 date-time. The weekday is not looked at: old entries have wrong ones. */
const DATE =
  /^(?:[a-z]+\s*,?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s+([+-]\d{4}|GMT|UTC)\b/i;

/** True when a text begins like a changelog of Debian's; upstream projects write theirs in other forms. */
export const isDebianChangelog = (text: string): boolean =>
  HEADING.test(text.slice(0, text.indexOf('\n') >>> 0));

/**
 * The entries of a Debian changelog, newest first, as messages: the heading and the text below it are the
 * content, as they stand; the package is the channel, its distributions and urgency are the tags.
 */
export function* parseChangelog(text: string): Generator<Message | UnreadableEntry, void, undefined> {
  let heading: RegExpExecArray | null = null;
  let body: string[] = [];
  for (const line of text.split('\n')) {
    const newHeading = HEADING.exec(line);
    if (newHeading) {
      heading = newHeading;
      body = [];
    } else if (heading && line.startsWith(' -- ')) {
      yield entry(heading, body, line);
      heading = null;
    } else body.push(line);
  }
}

function entry(
  heading: RegExpExecArray,
  body: readonly string[],
  trailer: string,
): Message | UnreadableEntry {
  const [first, channel = '', distributions = '', keys = ''] = heading;
  const [, name = '', address = '', date = ''] = TRAILER.exec(trailer) ?? [];
  const author = address.includes('@') ? `${name} <${address}>`.trim() : name;
  if (author === '') return { unreadable: 'without an author' };
  const createdAt = changelogTime(date);
  if (createdAt === null) return { unreadable: 'without a time that can be read' };
  const urgency = URGENCY.exec(keys)?.[1];
  const tags = [...distributions.trim().split(/\s+/), ...(urgency === undefined ? [] : [urgency])];
  const content = `${first}\n${body.join('\n')}`.trimEnd();
  return { author, createdAt, content, channel, tags: foldTags(tags).slice(0, TAGS_MAX) };
}

/** The time of a trailer as ISO 8601, or null when it cannot be read or lies before 1990. */
export function changelogTime(date: string): string | null {
  const [, day, month, year = '', time, zone] = DATE.exec(date) ?? [];
  const at = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  return Number.isNaN(at) || Number(year) < 1990 ? null : new Date(at).toISOString();
}
