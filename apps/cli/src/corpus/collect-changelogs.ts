import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isDebianChangelog, parseChangelog } from './changelog.js';
import { decodeText } from './decode-text.js';
import { Collection } from './message.js';

const FILES = ['changelog.Debian.gz', 'changelog.gz'];
/** What was usual before UTF-8; a wrong guess garbles a name and loses nothing. */
const BEFORE_UTF8 = 'iso-8859-1';

/** Adds the changelogs below `root`/usr/share/doc, in the order of the package names. */
export function collectChangelogs(root: string, into: Collection): void {
  const docs = join(root, 'usr/share/doc');
  for (const name of namesIn(docs)) {
    if (!lstatSync(join(docs, name)).isDirectory()) continue;
    for (const file of FILES) collectFile(join(docs, name, file), into);
  }
}

function collectFile(path: string, into: Collection): void {
  // A link leads to a changelog that is, or will be, read where it lies.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  const text = decodeText(gunzipSync(readFileSync(path)), BEFORE_UTF8);
  if (text === null || !isDebianChangelog(text)) return into.skip('file in another form');
  for (const entry of parseChangelog(text)) {
    if ('unreadable' in entry) into.skip(entry.unreadable);
    else into.add(entry);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
