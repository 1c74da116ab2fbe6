import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { collectChangelogs } from './collect-changelogs.js';
import { collectFortunes, missingFortunes } from './collect-fortunes.js';
import { Collection } from './message.js';
import { readNaughtyStrings, sortNaughtyStrings } from './naughty-strings.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'corpus-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | Uint8Array): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const entry = (name: string, text: string): string =>
  `${name} (1) unstable; urgency=low\n\n  * ${text}\n\n -- Ann <ann@example.org>  Thu, 08 Aug 1996 12:00:00 +0000\n\n`;
const changelogs = (): ReturnType<Collection['collected']> => {
  const collection = new Collection('changelogs');
  collectChangelogs(root, collection);
  return collection.collected();
};

describe('collecting changelogs', () => {
  it('takes each entry once, though several packages of one source ship it', () => {
    put('usr/share/doc/bash/changelog.Debian.gz', gzipSync(entry('bash', 'one') + entry('bash', 'two')));
    put('usr/share/doc/bash-doc/changelog.Debian.gz', gzipSync(entry('bash', 'one')));
    put('usr/share/doc/native/changelog.gz', gzipSync(entry('native', 'three')));
    symlinkSync(join(root, 'usr/share/doc/bash'), join(root, 'usr/share/doc/linked'));
    expect(changelogs().messages.map((m) => m.content.slice(-3))).toEqual(['one', 'two', 'ree']);
    expect(changelogs().skipped).toEqual({ 'found twice': 1 });
  });

  it('reads old ones that are not UTF-8, and leaves those of upstream projects', () => {
    put('usr/share/doc/a/changelog.Debian.gz', gzipSync(Buffer.from(entry('a', 'Göran'), 'latin1')));
    put('usr/share/doc/b/changelog.gz', gzipSync('2003-01-01  Ann\n\n\t* main.c'));
    expect(changelogs().messages.map((m) => m.content)).toEqual([expect.stringContaining('Göran')]);
    expect(changelogs().skipped).toEqual({ 'file in another form': 1 });
  });

  it('counts what the service would refuse, and cuts nothing', () => {
    put('usr/share/doc/a/changelog.Debian.gz', gzipSync(entry('a', 'x'.repeat(10_001))));
    expect(changelogs()).toEqual({
      origin: 'changelogs',
      messages: [],
      skipped: { 'longer than 10 000 code points': 1 },
    });
  });

  it('finds nothing where there is nothing', () => {
    expect(changelogs().messages).toEqual([]);
  });
});

describe('collecting sayings', () => {
  const folder = 'usr/share/games/fortunes';

  it('knows the language by the place, dates them by their file, and reads no index', () => {
    const file = put(`${folder}/de/zitate`, 'Eins\n%\nZwei\n\t\t-- Goethe\n%\n');
    utimesSync(file, 1_000_000_000, 1_000_000_000);
    put(`${folder}/de/zitate.dat`, 'binary');
    put(`${folder}/pl/zen`, Buffer.from([0xbf, 0xf3, 0xb3, 0x77])); // "żółw" as it was written before UTF-8
    put(`${folder}/pl/zen.u8`, 'zolw');
    put(`${folder}/chinese`, '要有礼貌\n');
    const found = collectFortunes([root]).flatMap((c) => c.messages);
    expect(found.map((m) => [m.channel, m.author, m.content])).toEqual([
      ['fortunes-de', 'fortunes-de', 'Eins'],
      ['fortunes-de', 'Goethe', 'Zwei\n\t\t-- Goethe'],
      ['fortunes-zh', 'fortunes-zh', '要有礼貌'],
      ['fortunes-pl', 'fortunes-pl', 'żółw'],
    ]);
    expect(found.slice(0, 2).map((m) => m.createdAt)).toEqual([
      '2001-09-09T01:46:40.000Z',
      '2001-09-09T01:46:41.000Z',
    ]);
    expect(found[1]?.tags).toEqual(['fortune', 'de']);
  });

  it('says which packages are missing', () => {
    put(`${folder}/chinese`, 'x\n');
    const missing = missingFortunes(['/nowhere', root]);
    expect(missing).toContain('fortunes');
    expect(missing).not.toContain('fortunes-zh');
  });
});

describe('the naughty strings', () => {
  it('are all taken but what the service must refuse', () => {
    const { taken, refused } = sortNaughtyStrings(['ok', '', 'a\u0000', '\ud800', 'ok']);
    expect(taken.messages.map((m) => m.content)).toEqual(['ok', 'ok']);
    expect(refused.map((r) => r.why)).toEqual([
      'empty',
      'U+0000 or half a surrogate pair',
      'U+0000 or half a surrogate pair',
    ]);
  });

  it('are hundreds', () => {
    expect(readNaughtyStrings().length).toBeGreaterThan(400);
  });
});
