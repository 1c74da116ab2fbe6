import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from './decode-text.js';
import { parseFortunes } from './fortune.js';
import { Collection, type Collected } from './message.js';

/** One Debian package of sayings: where its files lie, and how they were written before UTF-8. */
interface FortunePackage {
  readonly name: string;
  readonly language: string;
  /** Below /usr/share/games/fortunes; without `files`, all of it. */
  readonly folder: string;
  readonly files?: (name: string) => boolean;
  readonly legacyEncoding: string;
}

const FOREIGN_FILES = new Set(['brasil', 'chinese', 'tang300', 'song100']);
const chinese = new Set(['chinese', 'tang300', 'song100']);
const inFolder = (language: string, legacyEncoding: string): FortunePackage => ({
  name: `fortunes-${language}`,
  language,
  folder: language,
  legacyEncoding,
});

/** Seen on Debian 12, where all of them are UTF-8. */
export const FORTUNE_PACKAGES: readonly FortunePackage[] = [
  {
    name: 'fortunes',
    language: 'en',
    folder: '.',
    files: (f) => !FOREIGN_FILES.has(f),
    legacyEncoding: 'iso-8859-1',
  },
  inFolder('de', 'iso-8859-1'),
  inFolder('es', 'iso-8859-1'),
  inFolder('it', 'iso-8859-1'),
  inFolder('ru', 'koi8-r'),
  {
    name: 'fortunes-zh',
    language: 'zh',
    folder: '.',
    files: (f) => chinese.has(f),
    legacyEncoding: 'gb18030',
  },
  inFolder('cs', 'iso-8859-2'),
  inFolder('pl', 'iso-8859-2'),
  {
    name: 'fortunes-br',
    language: 'pt',
    folder: '.',
    files: (f) => f === 'brasil',
    legacyEncoding: 'iso-8859-1',
  },
  inFolder('bg', 'windows-1251'),
];

/** The packages of which nothing is below any of `roots`. */
export const missingFortunes = (roots: readonly string[]): string[] =>
  FORTUNE_PACKAGES.filter((p) => roots.every((root) => filesOf(root, p).length === 0)).map((p) => p.name);

/** The sayings of every package below the first of `roots` that has it. */
export function collectFortunes(roots: readonly string[]): Collected[] {
  return FORTUNE_PACKAGES.map((fortunes) => {
    const collection = new Collection(`sayings, ${fortunes.language} (${fortunes.name})`);
    const root = roots.find((r) => filesOf(r, fortunes).length > 0);
    if (root !== undefined)
      for (const file of filesOf(root, fortunes)) collectFile(file, fortunes, collection);
    return collection.collected();
  });
}

/** Sayings have no time: they get the time of their file, and one second after another. */
function collectFile(
  path: string,
  { name, language, legacyEncoding }: FortunePackage,
  into: Collection,
): void {
  const text = decodeText(readFileSync(path), legacyEncoding);
  if (text === null) return into.skip('file in another encoding');
  const since = Math.floor(lstatSync(path).mtimeMs / 1_000);
  for (const [index, { content, author }] of parseFortunes(text).entries()) {
    const createdAt = new Date((since + index) * 1_000).toISOString();
    into.add({ author: author ?? name, createdAt, content, channel: name, tags: ['fortune', language] });
  }
}

/** Regular files only: links are the same file under an older name, and `.u8` of Polish is it without accents. */
function filesOf(root: string, { folder, files }: FortunePackage): string[] {
  const path = join(root, 'usr/share/games/fortunes', folder);
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((e) => e.isFile() && !/\.(dat|u8)$/.test(e.name) && (files?.(e.name) ?? true))
      .map((e) => join(path, e.name))
      .sort();
  } catch {
    return [];
  }
}
