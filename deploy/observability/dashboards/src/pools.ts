import { line, type Row } from './panels.js';

export const poolsRow: Row = {
  title: 'Pools',
  charts: [
    {
      title: 'PgBouncer: clients that wait',
      about: 'More than 0 for long: the node is slower than what is asked of it.',
      unit: 'short',
      lines: [line('sum by (instance) (pgbouncer_pools_client_waiting_connections)', '{{instance}}')],
    },
    {
      title: 'PgBouncer: server connections',
      about: 'At the limit of 50 clients begin to wait.',
      unit: 'short',
      lines: [
        line('sum by (instance) (pgbouncer_databases_current_connections)', '{{instance}}'),
        line('max(pgbouncer_databases_max_connections)', 'limit'),
      ],
    },
    {
      title: 'PgBouncer: longest wait',
      about: 'Of the client that is first in the queue; after 5 s it is turned away.',
      unit: 's',
      lines: [line('max by (instance) (pgbouncer_pools_client_maxwait_seconds)', '{{instance}}')],
    },
    {
      title: 'Our pools: connections in use',
      about: 'Of all pools of a process together.',
      unit: 'short',
      lines: [
        line(
          'sum by (instance) (db_client_connection_count{db_client_connection_state="used"})',
          '{{instance}}',
        ),
      ],
    },
    {
      title: 'Our pools: requests that wait',
      about: 'For a free connection of their own process.',
      unit: 'short',
      lines: [line('sum by (instance) (db_client_connection_pending_requests)', '{{instance}}')],
    },
    {
      title: 'Time of a query',
      about: 'As our processes see it, PgBouncer and network included.',
      unit: 's',
      lines: [
        line(
          'histogram_quantile(0.99, sum by (le, app) (rate(db_client_operation_duration_bucket[$__rate_interval])))',
          'p99 {{app}}',
        ),
      ],
    },
  ],
};
