import {
  codePoints,
  CONTENT_MAX_CODE_POINTS,
  foldTags,
  isStorable,
  TAG_MAX_CODE_POINTS,
  TAGS_MAX,
  type PostInput,
} from '@spillway/contracts';
import { importId } from './import-id.js';
import { authorSlug, channelSlug } from './slug.js';

/** A line that can be imported. */
export interface ImportPost {
  readonly id: string;
  readonly createdAtMs: number;
  readonly body: PostInput & { readonly authorId: string; readonly tags: readonly string[] };
}

/** A line that cannot, and what is wrong with it. */
export interface InvalidLine {
  readonly invalid: string;
}

/** How far ahead of our clock a message may lie: what the service allows. */
const AHEAD_MS = 60_000;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const KNOWN = new Set(['author', 'createdAt', 'content', 'channel', 'tags']);

/**
 * What is to be sent for a line `{author, createdAt, content, channel?, tags?}`. Nothing is cut or
 * repaired but the names of authors and channels, and tags are folded as the service does.
 */
export function importLine(lineNumber: number, line: Uint8Array, now: number): ImportPost | InvalidLine {
  const fields = parse(line);
  if (typeof fields === 'string') return { invalid: fields };
  const mistakes = mistakesIn(fields, now);
  if (mistakes.length > 0) return { invalid: mistakes.join('; ') };
  const { author, createdAt, content, channel, tags } = fields as unknown as ValidLine;
  const createdAtMs = Date.parse(createdAt);
  return {
    id: importId(lineNumber, line, createdAtMs),
    createdAtMs,
    body: {
      content,
      authorId: authorSlug(author),
      tags: foldTags(tags ?? []),
      ...(channel === undefined ? {} : { channelId: channelSlug(channel) }),
    },
  };
}

interface ValidLine {
  readonly author: string;
  readonly createdAt: string;
  readonly content: string;
  readonly channel?: string;
  readonly tags?: readonly string[];
}

function parse(line: Uint8Array): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
  } catch (error) {
    return error instanceof SyntaxError ? 'not JSON' : 'not valid UTF-8';
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : 'not a JSON object';
}

function mistakesIn(fields: Record<string, unknown>, now: number): string[] {
  const { author, createdAt, content, channel, tags } = fields;
  const unknown = Object.keys(fields).filter((name) => !KNOWN.has(name));
  return [
    ...unknown.map((name) => `${JSON.stringify(name)} is not a known property`),
    nameMistake('author', author),
    timeMistake(createdAt, now),
    contentMistake(content),
    channel === undefined ? null : nameMistake('channel', channel),
    tags === undefined ? null : tagsMistake(tags),
  ].filter((mistake) => mistake !== null);
}

const nameMistake = (field: string, value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' && isStorable(value)
    ? null
    : `${field} must be a text that is not empty`;

function timeMistake(value: unknown, now: number): string | null {
  const at = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) return 'createdAt must be a time like 2004-06-01T12:00:00Z';
  if (at < 0) return 'createdAt lies before 1970';
  return at > now + AHEAD_MS ? 'createdAt lies in the future' : null;
}

function contentMistake(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'content must be a text that is not empty';
  if (!isStorable(value)) return 'content holds U+0000 or half a surrogate pair';
  const length = codePoints(value);
  return length > CONTENT_MAX_CODE_POINTS
    ? `content has ${length} code points, ${CONTENT_MAX_CODE_POINTS} is the most`
    : null;
}

function tagsMistake(value: unknown): string | null {
  const isTag = (tag: unknown): tag is string =>
    typeof tag === 'string' &&
    isStorable(tag) &&
    codePoints(tag) >= 1 &&
    codePoints(tag.toLowerCase()) <= TAG_MAX_CODE_POINTS;
  const right = Array.isArray(value) && value.every(isTag) && foldTags(value).length <= TAGS_MAX;
  return right ? null : `tags must be at most ${TAGS_MAX} texts of 1 to ${TAG_MAX_CODE_POINTS} code points`;
}
