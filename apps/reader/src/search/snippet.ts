import type { SnippetPart } from '@spillway/contracts';

/** Control characters, removed from the content beforehand: no content can pass for a mark. */
const START = '\u0002';
const STOP = '\u0003';

/** Snippets are made of the beginning of a post: `ts_headline` costs a time that grows with the text. */
export const SNIPPET_SOURCE_CHARACTERS = 5_000;

/** Options of `ts_headline` (PostgreSQL manual 12.3.4). */
export const MARKED_OPTIONS = `StartSel=${START}, StopSel=${STOP}, MaxFragments=2, MaxWords=20, MinWords=8, FragmentDelimiter=" … "`;

/** What was marked, as parts of plain text. */
export function snippetParts(marked: string): readonly SnippetPart[] {
  return marked
    .split(START)
    .flatMap((piece, n): SnippetPart[] => {
      const stop = n === 0 ? -1 : piece.indexOf(STOP);
      return [
        { text: piece.slice(0, Math.max(stop, 0)), match: true },
        { text: piece.slice(stop + 1), match: false },
      ];
    })
    .filter(({ text }) => text !== '');
}
