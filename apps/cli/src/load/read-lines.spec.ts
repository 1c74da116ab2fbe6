import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLines } from './read-lines.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(content: string | Uint8Array, maxLineBytes = 1_000): Promise<(string | null)[]> {
  const file = join(folder, 'file');
  writeFileSync(file, content);
  const lines: (string | null)[] = [];
  for await (const { number, bytes } of readLines(file, maxLineBytes)) {
    lines.push(bytes?.toString() ?? null);
    expect(number).toBe(lines.length);
  }
  return lines;
}

describe('reading a file line by line', () => {
  it('gives the same lines as splitting it, wherever its chunks end', async () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\u{1F984}'), maxLength: 60_000 }), {
      maxLength: 5,
    });
    const same = async (lines: string[]): Promise<void> =>
      expect(await linesOf(lines.map((l) => `${l}\n`).join(''), 1_000_000)).toEqual(lines);
    await fc.assert(fc.asyncProperty(text, same), { numRuns: 25 });
  });

  it('takes a last line without an end, Windows line ends and a byte order mark', async () => {
    expect(await linesOf('\ufeffa\r\n\r\nb')).toEqual(['a', '', 'b']);
    expect(await linesOf('')).toEqual([]);
  });

  it('does not hold a line that is too long, and goes on after it', async () => {
    expect(await linesOf(`a\n${'x'.repeat(200_000)}\nb\n`)).toEqual(['a', null, 'b']);
  });

  it('says how far it is', async () => {
    writeFileSync(join(folder, 'file'), 'ab\ncd');
    const offsets: number[] = [];
    for await (const { endOffset } of readLines(join(folder, 'file'), 10)) offsets.push(endOffset);
    expect(offsets).toEqual([3, 5]);
  });
});
