export type Shown = 'POOLS' | 'DATABASES' | 'STATS';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly value: (row: Readonly<Record<string, string>>) => number;
}

const column =
  (name: string, unit = 1) =>
  (row: Readonly<Record<string, string>>): number =>
    Number(row[name] ?? 0) * unit;

const MICROS = 1e-6;
const METRICS: Record<Shown, { readonly labels: readonly string[]; readonly metrics: readonly Metric[] }> = {
  POOLS: {
    labels: ['database', 'user'],
    metrics: [
      gauge('pools_client_active_connections', 'Clients that have a server connection', 'cl_active'),
      gauge('pools_client_waiting_connections', 'Clients that wait for a server connection', 'cl_waiting'),
      gauge('pools_server_active_connections', 'Server connections that a client has', 'sv_active'),
      gauge('pools_server_idle_connections', 'Server connections that are free', 'sv_idle'),
      gauge('pools_server_used_connections', 'Server connections to be checked before use', 'sv_used'),
      {
        name: 'pools_client_maxwait_seconds',
        help: 'How long the first client in the queue has waited',
        value: (row) => column('maxwait')(row) + column('maxwait_us', MICROS)(row),
      },
    ],
  },
  DATABASES: {
    labels: ['name'],
    metrics: [
      gauge('databases_pool_size', 'Server connections a pool may have', 'pool_size'),
      gauge('databases_max_connections', 'Server connections the database may have', 'max_connections'),
      gauge('databases_current_connections', 'Server connections the database has', 'current_connections'),
    ],
  },
  STATS: {
    labels: ['database'],
    metrics: [
      gauge('stats_queries_pooled_total', 'Queries', 'total_query_count'),
      gauge('stats_sql_transactions_pooled_total', 'Transactions', 'total_xact_count'),
      gauge('stats_queries_duration_seconds_total', 'Seconds in queries', 'total_query_time', MICROS),
      gauge('stats_client_wait_seconds_total', 'Seconds clients waited', 'total_wait_time', MICROS),
    ],
  },
};

function gauge(name: string, help: string, from: string, unit = 1): Metric {
  return { name, help, value: column(from, unit) };
}

/**
 * The text of a scrape from what `SHOW …` printed as CSV; without it only `pgbouncer_up 0`. The columns of
 * PgBouncer hold numbers and names without commas, so the CSV has no quotes.
 */
export function renderPgbouncer(shown: Readonly<Record<string, string>> | undefined): string {
  const lines = ['# TYPE pgbouncer_up gauge', `pgbouncer_up ${shown ? 1 : 0}`];
  for (const [what, { labels, metrics }] of Object.entries(METRICS)) {
    const rows = rowsOf(shown?.[what] ?? '');
    for (const { name, help, value } of rows.length > 0 ? metrics : []) {
      const type = name.endsWith('_total') ? 'counter' : 'gauge';
      lines.push(`# HELP pgbouncer_${name} ${help}`, `# TYPE pgbouncer_${name} ${type}`);
      for (const row of rows) {
        const pairs = labels.map((label) => `${label}="${row[label] ?? ''}"`);
        lines.push(`pgbouncer_${name}{${pairs.join(',')}} ${value(row)}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Rows by column name, without the one of the console itself. */
function rowsOf(csv: string): Record<string, string>[] {
  const [header = '', ...rows] = csv.trim().split('\n');
  const names = header.split(',');
  return rows
    .map((row) => row.split(','))
    .map((values) => Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])))
    .filter((row) => row['database'] !== 'pgbouncer');
}
