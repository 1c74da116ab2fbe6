import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHistogram } from 'node:perf_hooks';
import { latency } from '../client/tally.js';
import type { Latency } from '../client/order.js';

const run = promisify(execFile);
const PGBENCH = [
  '/usr/lib/postgresql/18',
  '/usr/lib/postgresql/17',
  '/usr/lib/postgresql/16',
  '/usr/lib/postgresql/15',
];

export interface PgbenchOrder {
  /** Holds credentials: never print it. */
  readonly url: string;
  /** One transaction in pgbench's language. */
  readonly script: string;
  /** Transactions a second, on schedule; latencies count from the moment one was due. null: as fast as they are answered. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly clients: number;
}

/** Runs one script at a rate and tells how long its transactions took. @throws Error when pgbench is missing or fails. */
export async function pgbench({ url, script, rate, seconds, clients }: PgbenchOrder): Promise<Latency> {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-pgbench-'));
  try {
    const { hostname, port, username, password, pathname } = new URL(url);
    await writeFile(join(dir, 'script.sql'), script);
    const args = [
      ...['-n', '-M', 'simple', '-f', 'script.sql', '-c', String(clients), '-j', '1', '-T', String(seconds)],
      ...(rate === null ? [] : ['-R', String(Math.max(1, Math.round(rate)))]),
      ...['-l', '--log-prefix=log'],
      ...['-h', hostname, '-p', port, '-U', decodeURIComponent(username), pathname.slice(1)],
    ];
    const env = { ...process.env, PGPASSWORD: decodeURIComponent(password) };
    await run(await findPgbench(), args, { cwd: dir, env });
    const logs = (await readdir(dir)).filter((name) => name.startsWith('log'));
    const texts = await Promise.all(logs.map((name) => readFile(join(dir, name), 'utf8')));
    return latenciesOf(texts.join(''));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Reads pgbench's log: the third field of a line is microseconds since its transaction was due, or began where nothing was due. */
export function latenciesOf(log: string): Latency {
  const histogram = createHistogram({ highest: 600_000_000, figures: 3 });
  for (const line of log.split('\n')) {
    const micros = Number(line.split(' ')[2]);
    if (micros > 0) histogram.record(micros);
  }
  return latency(histogram);
}

async function findPgbench(): Promise<string> {
  for (const dir of PGBENCH) {
    const path = join(dir, 'bin', 'pgbench');
    const found = await run(path, ['--version']).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new Error('There is no pgbench: install the package postgresql-contrib of your version of Postgres.');
}
