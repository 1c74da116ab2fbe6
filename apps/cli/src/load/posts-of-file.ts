import { importLine, type ImportPost, type InvalidLine } from './import-line.js';
import { readLines } from './read-lines.js';

/** A line of an import file, read and judged. */
export interface JudgedLine {
  readonly line: number;
  /** Bytes of the file up to the end of this line. */
  readonly endOffset: number;
  readonly post: ImportPost | InvalidLine;
}

/** Longest line that is held: 10 000 code points, each escaped as a surrogate pair, and room for the rest. */
const MAX_LINE_BYTES = 256 * 1024;

/** Every line of a file that is not empty. @throws the file system's error when it cannot be read. */
export async function* postsOfFile(file: string): AsyncGenerator<JudgedLine, void, undefined> {
  for await (const { number, bytes, endOffset } of readLines(file, MAX_LINE_BYTES)) {
    if (bytes?.length === 0) continue;
    const post =
      bytes === null ? { invalid: 'longer than any message' } : importLine(number, bytes, Date.now());
    yield { line: number, endOffset, post };
  }
}

export const isInvalid = (post: ImportPost | InvalidLine): post is InvalidLine => 'invalid' in post;
