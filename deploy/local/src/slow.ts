import type { Layout } from './layout.js';
import { lastChoice, makePlan, numbers, type Plan } from './plan.js';
import { monitorSql, nodeName } from './postgres.js';
import { stackComponents } from './stack.js';
import { printTable } from './status.js';
import { processStates } from './supervisor.js';

const TOP = 10;
const QUERY_SHOWN = 110;
const SCRAPE_MS = 3_000;

/** Work of one kind, in milliseconds. */
export interface Work {
  readonly what: string;
  readonly calls: number;
  readonly totalMs: number;
}

/**
 * `npm run status -- --slow`: the requests and the queries that took the most time in all since their processes
 * started. Routes and normalised statements only, never a parameter. @returns exit code 3 when nothing runs.
 */
export async function showSlow(layout: Layout): Promise<number> {
  const choice = lastChoice(layout);
  if ((await processStates(layout)) === null || choice === null) {
    console.log('The stack is not running. Start it with npm start.');
    return 3;
  }
  const plan = makePlan(layout, choice);
  console.log('Requests, of all gateways and readers');
  print('route', await slowRequests(plan));
  for (const n of numbers(plan.counts.replicas + 1, 0)) {
    console.log(`\nQueries, of ${nodeName(n)}`);
    print('statement', await slowQueries(plan, n).catch(told));
  }
  return 0;
}

function told(error: unknown): string {
  return `not known: ${error instanceof Error ? error.message : String(error)}`;
}

function print(name: string, work: readonly Work[] | string): void {
  if (typeof work === 'string') return console.log(work);
  if (work.length === 0) return console.log('none yet');
  const rows = work.map(({ what, calls, totalMs }) => [
    (totalMs / calls).toFixed(1),
    String(calls),
    (totalMs / 1000).toFixed(1),
    what,
  ]);
  printTable([['mean ms', 'calls', 'total s', name], ...rows]);
}

/** The sums of the request histograms, from every process that answers. */
async function slowRequests(plan: Plan): Promise<readonly Work[]> {
  const apps = stackComponents(plan).filter(({ role }) => role === 'gateway' || role === 'reader');
  const pages = await Promise.all(
    apps.map(async ({ adminUrl = '' }) => {
      try {
        const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(SCRAPE_MS) });
        return answer.ok ? await answer.text() : '';
      } catch {
        return '';
      }
    }),
  );
  return topRequests(pages);
}

const SAMPLE = /^http_server_request_duration_(sum|count)\{([^}]*)\} (\S+)/gm;

/** Adds up pages of metrics by method and route, whatever the status. */
export function topRequests(pages: readonly string[]): readonly Work[] {
  const found = new Map<string, { calls: number; totalMs: number }>();
  for (const page of pages)
    for (const [, kind, labels = '', value] of page.matchAll(SAMPLE)) {
      const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '?';
      const what = `${label('method')} ${label('route')}`;
      const work = found.get(what) ?? { calls: 0, totalMs: 0 };
      if (kind === 'count') work.calls += Number(value);
      else work.totalMs += Number(value) * 1000;
      found.set(what, work);
    }
  return [...found]
    .map(([what, work]) => ({ what, ...work }))
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, TOP);
}

/** Texts of pg_stat_statements have $1 for what was given. */
const QUERIES = `SELECT coalesce(json_agg(t), '[]') FROM (
  SELECT left(regexp_replace(s.query, '\\s+', ' ', 'g'), ${QUERY_SHOWN}) AS what, s.calls::float8 AS calls, s.total_exec_time AS "totalMs"
  FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
  WHERE d.datname = 'spillway' AND s.calls > 0 ORDER BY s.total_exec_time DESC LIMIT ${TOP}) t`;

async function slowQueries(plan: Plan, n: number): Promise<readonly Work[]> {
  return JSON.parse(await monitorSql(plan, n, QUERIES)) as readonly Work[];
}
