import { ConsistencyTokens, SpillwayClient, SpillwayError } from '@spillway/client';
import { stat } from 'node:fs/promises';
import { importFile } from './import-file.js';
import { Pace } from './pace.js';
import { isInvalid, postsOfFile } from './posts-of-file.js';
import { progressLine, startProgress } from './progress.js';
import { summarize, type Summary } from './summary.js';
import { REMEMBERED, Tally, type Mishap } from './tally.js';
import { verifyFile, type Verified } from './verify-file.js';

export interface LoadSettings {
  readonly file: string;
  readonly tenant: string;
  readonly baseUrl: string;
  readonly token: () => Promise<string>;
  readonly concurrency: number;
  /** Posts a second; undefined means as fast as the service takes them. */
  readonly rate?: number | undefined;
  /** How long to retry one request, and how long one job may take. */
  readonly maxWaitMs: number;
  /** Sends nothing when any line is invalid. */
  readonly strict: boolean;
  readonly verify: boolean;
  readonly signal: AbortSignal;
  /** Where the progress is written to. */
  readonly progress?: NodeJS.WriteStream;
  /** A line for people besides the progress: an invalid line. */
  readonly note: (text: string) => void;
}

/** One attempt of a look at a job; the follower looks again. */
const LOOK_RETRY_MS = 2_000;
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Imports a file and says what it came to; being stopped, or refused by the service, is part of the answer.
 * @throws Error when the file cannot be read.
 */
export async function runLoad(settings: LoadSettings): Promise<Summary> {
  const { file, tenant, signal } = settings;
  const totalBytes = await sizeOf(file);
  const tally = new Tally();
  const circumstances = { file, tenant };
  if (settings.strict && (await hasInvalidLines(settings, tally))) {
    return summarize(
      tally,
      { ...circumstances, stopped: 'lines are invalid, and --strict was given' },
      Date.now(),
    );
  }
  const tokens = new ConsistencyTokens();
  let verified: Verified | undefined;
  let checked = 0;
  const line = (): string =>
    progressLine(tally, totalBytes, Date.now()) + (checked > 0 ? ` · read back ${checked}` : '');
  const stopProgress = settings.progress ? startProgress(line, settings.progress) : () => undefined;
  let stopped: string | undefined;
  try {
    const { concurrency, maxWaitMs } = settings;
    const sender = clientOf(settings, maxWaitMs, tally);
    const looker = clientOf(settings, LOOK_RETRY_MS, tally);
    const onInvalid = (mishap: Mishap): void => noteInvalid(settings, tally, mishap);
    const pace = new Pace(settings.rate);
    await importFile({
      file,
      sender,
      looker,
      concurrency,
      maxWaitMs,
      pace,
      tally,
      tokens,
      signal,
      onInvalid,
    });
    if (settings.verify) {
      const onChecked = (count: number): void => void (checked = count);
      verified = await verifyFile({ file, client: sender, tokens, concurrency, signal, onChecked });
    }
  } catch (error) {
    stopped = reasonToStop(error, signal);
  } finally {
    stopProgress();
  }
  return summarize(tally, { ...circumstances, verified, stopped }, Date.now());
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new Error(`${file} cannot be read, so nothing was sent.`, { cause: error });
  }
}

function clientOf({ baseUrl, token }: LoadSettings, deadlineMs: number, tally: Tally): SpillwayClient {
  return new SpillwayClient({
    baseUrl,
    token,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    retry: { deadlineMs },
    onFailedAttempt: (error) => {
      if (!error.retryable) return;
      tally.failedAttempts++;
      tally.lastTrouble = { code: error.code, at: Date.now() };
    },
  });
}

async function hasInvalidLines(settings: LoadSettings, tally: Tally): Promise<boolean> {
  for await (const { line, post } of postsOfFile(settings.file)) {
    settings.signal.throwIfAborted();
    tally.lines++;
    if (!isInvalid(post)) continue;
    const mishap = { line, code: 'invalid_line', detail: post.invalid };
    tally.invalid.add(mishap);
    noteInvalid(settings, tally, mishap);
  }
  if (tally.invalid.count > 0) return true;
  tally.lines = 0;
  return false;
}

function noteInvalid({ note }: LoadSettings, { invalid }: Tally, { line, detail }: Mishap): void {
  if (invalid.count <= REMEMBERED) note(`line ${line} is not imported: ${detail}`);
  if (invalid.count === REMEMBERED) note('further invalid lines are counted, not shown');
}

/** @throws what is neither a stop nor an answer of the service. */
function reasonToStop(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it was interrupted';
  if (error instanceof SpillwayError) return `the service does not let us in (${error.message})`;
  throw error;
}
