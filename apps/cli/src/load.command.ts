import { loadConfig, text, url } from '@spillway/config';
import { PRINCIPAL_ID } from '@spillway/contracts';
import { Command, InvalidArgumentError } from 'commander';
import { durationMs } from './load/duration.js';
import { importerTokens } from './load/importer-token.js';
import { runLoad } from './load/run-load.js';
import { isComplete, shownSummary } from './load/summary.js';

/** The environment of `load`. */
export const loadCommandConfig = {
  baseUrl: url('BASE_URL', ['http', 'https'], { about: 'Where the service is, as clients see it' }),
  privateKeyFile: text('TOKEN_PRIVATE_KEY_FILE', { about: 'The private Ed25519 JWK that signs tokens' }),
  issuer: text('AUTH_ISSUER', { about: 'The iss claim that tokens must have' }),
  audience: text('AUTH_AUDIENCE', { about: 'The aud claim that tokens must have' }),
};

interface Options {
  readonly rate?: number;
  readonly tenant: string;
  readonly concurrency: number;
  readonly maxWait: number;
  readonly strict?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

const EXIT_INCOMPLETE = 1;
const EXIT_INTERRUPTED = 130;

/** `load FILE.ndjson`: imports real messages through the public API. */
export function loadCommand(): Command {
  return new Command('load')
    .description('import messages from an NDJSON file through the public API; repeating it never doubles one')
    .argument('<file>', 'lines of {"author","createdAt","content","channel"?,"tags"?}')
    .option('--rate <posts>', 'posts a second (default: as fast as they are taken)', numberFrom(0.001))
    .option('--tenant <tenant>', 'whose posts they become', tenant, 'load')
    .option('--concurrency <requests>', 'requests at the same time', wholeFrom1, 64)
    .option(
      '--max-wait <duration>',
      'how long to retry a post, and to wait for its commit',
      duration,
      durationMs('10m'),
    )
    .option('--strict', 'send nothing when a line is invalid')
    .option('--verify', 'read every post back and compare it with its line')
    .option('--json', 'the summary as JSON')
    .action(load);
}

async function load(file: string, options: Options): Promise<void> {
  const { baseUrl, ...signing } = loadConfig(loadCommandConfig);
  const { tenant, concurrency, rate, maxWait: maxWaitMs, strict = false, verify = false } = options;
  const token = await importerTokens({ tenant, ...signing });
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error('interrupted'));
  // Once: a second Ctrl-C ends the process at once, as it does everywhere.
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const note = (line: string): void => void process.stderr.write(`${line}\n`);
    const { signal } = interrupted;
    const summary = await runLoad({
      file,
      tenant,
      baseUrl,
      token,
      concurrency,
      rate,
      maxWaitMs,
      strict,
      verify,
      signal,
      progress: process.stderr,
      note,
    });
    process.stdout.write(`${options.json ? JSON.stringify(summary) : shownSummary(summary)}\n`);
    if (!isComplete(summary)) process.exitCode = signal.aborted ? EXIT_INTERRUPTED : EXIT_INCOMPLETE;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

const numberFrom =
  (least: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!(number >= least)) throw new InvalidArgumentError(`It must be a number from ${least}.`);
    return number;
  };

function wholeFrom1(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
  return Number(value);
}

function tenant(value: string): string {
  if (!PRINCIPAL_ID.test(value))
    throw new InvalidArgumentError('It must be 1 to 64 of A-Z a-z 0-9 _ . : @ -');
  return value;
}

function duration(value: string): number {
  try {
    return durationMs(value);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : 'It must be a duration.');
  }
}
