import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { allot, evenly } from './choose.js';
import { collectChangelogs } from './collect-changelogs.js';
import { collectFortunes, missingFortunes } from './collect-fortunes.js';
import { installPackages, LONG_CHANGELOGS, unpackPackages } from './debian-packages.js';
import { Collection, type Collected, type Message } from './message.js';
import { readNaughtyStrings, sortNaughtyStrings, type RefusedString } from './naughty-strings.js';

export interface CorpusSettings {
  readonly out: string;
  readonly lines: number;
  /** A line for people about what is being done. */
  readonly note: (text: string) => void;
}

export interface CorpusReport {
  readonly sources: readonly {
    readonly origin: string;
    readonly found: number;
    readonly taken: number;
    readonly skipped: Collected['skipped'];
  }[];
  readonly lines: number;
  readonly oldest: string;
  readonly newest: string;
  readonly out: string;
  /** Strings that the service must refuse: the negative cases. */
  readonly refusedOut: string;
  readonly refused: number;
}

/** Fewer than this in the machine's own documentation, and more are downloaded. */
const CHANGELOG_ENTRIES_WANTED = 4_000;

/**
 * Writes `out` from what Debian ships: changelogs (half of it, when there are enough), sayings in several
 * languages, and the naughty strings (all of them). The same inputs give the same file.
 * @throws Error when the machine and Debian's archive together do not give enough.
 */
export async function buildCorpus(settings: CorpusSettings): Promise<CorpusReport> {
  const { out, lines } = settings;
  const { taken: naughty, refused } = sortNaughtyStrings(readNaughtyStrings());
  const folder = await mkdtemp(join(tmpdir(), 'corpus-'));
  let sources: Collected[];
  try {
    const entries = await changelogs(settings, join(folder, 'changelogs'));
    sources = [naughty, entries, ...(await fortunes(settings, join(folder, 'fortunes')))];
  } finally {
    await rm(folder, { recursive: true });
  }
  const counts = countsOf(sources, lines);
  const messages = sources.flatMap((s, i) => evenly(s.messages, counts[i] ?? 0));
  if (messages.length < lines) {
    throw new Error(
      `Only ${messages.length} of ${lines} messages were found, so nothing was written. Ask for fewer with --lines.`,
    );
  }
  const refusedOut = out.replace(/(\.ndjson)?$/, '.refused.ndjson');
  await writeLines(out, messages);
  await writeLines(refusedOut, refused);
  const times = messages.map((m) => m.createdAt).sort();
  return {
    sources: sources.map(({ origin, messages: found, skipped }, i) => ({
      origin,
      found: found.length,
      taken: counts[i] ?? 0,
      skipped,
    })),
    lines: messages.length,
    oldest: times[0] ?? '',
    newest: times.at(-1) ?? '',
    out,
    refusedOut,
    refused: refused.length,
  };
}

/** All naughty strings, and of the rest half changelogs, half sayings, each language alike. */
function countsOf([naughty, ...others]: readonly Collected[], lines: number): number[] {
  const first = Math.min(lines, naughty?.messages.length ?? 0);
  const groups = others.map((s, i) => ({ size: s.messages.length, weight: i === 0 ? others.length - 1 : 1 }));
  return [first, ...allot(groups, lines - first)];
}

async function changelogs({ note }: CorpusSettings, folder: string): Promise<Collected> {
  const collection = new Collection('changelogs');
  collectChangelogs('/', collection);
  if (collection.size < CHANGELOG_ENTRIES_WANTED) {
    note(
      `/usr/share/doc has only ${collection.size} changelog entries; reading those of ${LONG_CHANGELOGS.length} packages of Debian's archive (10 MB, nothing is installed)`,
    );
    collectChangelogs(await unpackPackages(LONG_CHANGELOGS, folder), collection);
  }
  return collection.collected();
}

async function fortunes({ note }: CorpusSettings, folder: string): Promise<Collected[]> {
  const missing = missingFortunes(['/']);
  if (missing.length === 0) return collectFortunes(['/']);
  note(`installing ${missing.join(' ')}`);
  try {
    await installPackages(missing);
    return collectFortunes(['/']);
  } catch (error) {
    note(
      `they could not be installed (${error instanceof Error ? error.message : String(error)}); reading them from Debian's archive`,
    );
    return collectFortunes(['/', await unpackPackages(missing, folder)]);
  }
}

/** Whole or not at all. */
async function writeLines(path: string, lines: readonly (Message | RefusedString)[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await rename(`${path}.part`, path);
}
