const LINE_FEED = 0x0a;
const BLANKS: readonly (number | undefined)[] = [0x20, 0x09, 0x0d];

/**
 * The lines of NDJSON that are not blank, as views of its bytes. The last one needs no line feed, and CR LF
 * ends a line as well. No byte of a longer UTF-8 character is a line feed, so none is ever cut.
 * @returns null when there are more than `most`.
 */
export function ndjsonLines(body: Buffer, most: number): Buffer[] | null {
  const lines: Buffer[] = [];
  for (let start = 0; start < body.length;) {
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed < 0 ? body.length : feed;
    const line = body.subarray(start, end);
    start = end + 1;
    if (isBlank(line)) continue;
    if (lines.length === most) return null;
    lines.push(line);
  }
  return lines;
}

function isBlank(line: Buffer): boolean {
  let at = 0;
  while (at < line.length && BLANKS.includes(line[at])) at++;
  return at === line.length;
}
