import { Command, InvalidArgumentError } from 'commander';
import { buildCorpus, type CorpusReport } from './corpus/build-corpus.js';

const DEFAULT_LINES = 24_000;

/** `corpus`: makes a file of real messages from what Debian ships. */
export function corpusCommand(): Command {
  return new Command('corpus')
    .description('make an NDJSON file of real messages from what Debian ships, for load')
    .option('--out <file>', 'where to write it', '.local/corpus.ndjson')
    .option('--lines <count>', 'how many messages', count, DEFAULT_LINES)
    .action(async ({ out, lines }: { out: string; lines: number }) => {
      const note = (text: string): void => void process.stderr.write(`${text}\n`);
      process.stdout.write(`${shownReport(await buildCorpus({ out, lines, note }))}\n`);
    });
}

function count(value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

function shownReport({ sources, lines, oldest, newest, out, refusedOut, refused }: CorpusReport): string {
  const rows = sources.map(({ origin, found, taken, skipped }) => {
    const why = Object.entries(skipped).map(([reason, n]) => `${n} ${reason}`);
    const left = why.length > 0 ? `; left out: ${why.join(', ')}` : '';
    return `  ${origin.padEnd(32)} ${String(taken).padStart(6)} of ${found}${left}`;
  });
  return [
    `${out}: ${lines} messages from ${oldest.slice(0, 10)} to ${newest.slice(0, 10)}`,
    ...rows,
    `${refusedOut}: ${refused} strings that the service must refuse`,
  ].join('\n');
}
