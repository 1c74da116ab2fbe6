/**
 * Answers `/<name of a pooler>` with the statistics of that PgBouncer, by psql. Debian's own exporter (1.7) asks
 * for columns that PgBouncer has not had since 1.8 and ends at once; the metric names here are those of
 * prometheus-community/pgbouncer_exporter, which takes this place wherever it can be had.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { renderPgbouncer, type Shown } from './pgbouncer-metrics.js';
import { postgresBin } from './postgres.js';
import { run } from './shell.js';

const SCRAPE_DEADLINE_MS = 3_000;
const SHOW = ['POOLS', 'DATABASES', 'STATS'] as const;

const poolers = new Map(
  (process.env['POOLERS'] ?? '').split('|').map((entry): [string, URL] => {
    const at = entry.indexOf('=');
    return [`/${entry.slice(0, at)}`, new URL(entry.slice(at + 1))];
  }),
);

const server = createServer((request, response) => {
  const pooler = poolers.get(request.url ?? '');
  if (!pooler) return void response.writeHead(404).end(`Known here: ${[...poolers.keys()].join(' ')}\n`);
  void metricsOf(pooler).then((text) => response.writeHead(200, { 'content-type': 'text/plain' }).end(text));
});
server.listen(Number(process.env['EXPORTER_PORT']), '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));

/** Never fails: a PgBouncer that does not answer is `pgbouncer_up 0`. */
async function metricsOf(pooler: URL): Promise<string> {
  try {
    const tables = await Promise.all(SHOW.map((what) => show(pooler, what)));
    return renderPgbouncer(Object.fromEntries(SHOW.map((what, i) => [what, tables[i] ?? ''])));
  } catch {
    return renderPgbouncer(undefined);
  }
}

const show = (pooler: URL, what: Shown): Promise<string> =>
  run([join(postgresBin(), 'psql'), '-X', '--csv', '-c', `SHOW ${what}`], {
    env: {
      PGHOST: pooler.hostname,
      PGPORT: pooler.port,
      PGUSER: pooler.username,
      PGPASSWORD: pooler.password,
      PGDATABASE: 'pgbouncer',
      PGCONNECT_TIMEOUT: '2',
    },
    cwd: '/',
    deadlineMs: SCRAPE_DEADLINE_MS,
  });
