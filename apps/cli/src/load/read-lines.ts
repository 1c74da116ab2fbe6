import { createReadStream } from 'node:fs';

/** A line of a file. `bytes` is null when it is longer than the reader is willing to hold. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the line's end (LF or CR LF), and without a byte order mark at the start of the file. */
  readonly bytes: Buffer | null;
  /** Bytes of the file up to the end of this line. */
  readonly endOffset: number;
}

const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a file one by one, holding one chunk and at most `maxLineBytes` of a line.
 * @throws the file system's error when the file cannot be read.
 */
export async function* readLines(path: string, maxLineBytes: number): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  let offset = 0;
  const take = (part: Buffer): void => {
    length += part.length;
    if (length <= maxLineBytes) parts.push(part);
    else parts = [];
  };
  const finish = (endOffset: number): Line => {
    number++;
    const bytes = length > maxLineBytes ? null : trimmed(Buffer.concat(parts), number === 1);
    parts = [];
    length = 0;
    return { number, bytes, endOffset };
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      yield finish(offset + start);
    }
    take(chunk.subarray(start));
    offset += chunk.length;
  }
  if (length > 0) yield finish(offset);
}

function trimmed(line: Buffer, first: boolean): Buffer {
  const start = first && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  return line.subarray(start, line.at(-1) === CR ? -1 : undefined);
}
