import { line, perSecond, quantiles, type Row } from './panels.js';

const READS = 'app="reader",method="GET"';
const COUNT = 'http_server_request_duration_count';

export const latencyRow: Row = {
  title: 'Answers',
  charts: [
    {
      title: 'Reads a second',
      about: 'By route.',
      unit: 'ops',
      lines: [line(perSecond(`${COUNT}{${READS}}`, 'route'), '{{route}}')],
    },
    {
      title: 'Time to answer a read',
      about: 'The objective is a p99 of 200 ms. Requests that wait because they asked to are in it.',
      unit: 's',
      lines: quantiles('http_server_request_duration', READS),
    },
    {
      title: 'Reads answered without a 5xx',
      about: 'The objective is 99.9 % in 28 days. 1 while nobody reads.',
      unit: 'percentunit',
      lines: [
        line(
          `1 - ${perSecond(`${COUNT}{${READS},status=~"5.."}`)} / (${perSecond(`${COUNT}{${READS}}`)} > 0) or vector(1)`,
          'answered',
        ),
      ],
    },
    {
      title: 'Answers by status',
      about: '304 is a client that had it already; 503 is a database that could not answer in time.',
      unit: 'ops',
      lines: [line(perSecond(`${COUNT}{${READS}}`, 'status'), '{{status}}')],
    },
    {
      title: 'Kept open on purpose',
      about: 'Requests with Prefer: wait, and streams of events.',
      unit: 'short',
      lines: [
        line('sum(requests_waiting)', 'requests'),
        line('sum(event_streams_open) or vector(0)', 'streams'),
      ],
    },
  ],
};

export const replicasRow: Row = {
  title: 'Replicas',
  charts: [
    {
      title: 'Reads by the node that answered',
      about:
        'The primary answers at most a fifth of its pool; more than a trickle means that replicas are behind.',
      unit: 'ops',
      lines: [line(perSecond('router_reads_total', 'served_by'), '{{served_by}}')],
    },
    {
      title: 'Replica lag, as the readers measure it',
      about:
        'Beyond READ_MAX_LAG_MS (2 s) a replica is passed over. The objective is to be visible within 1 s.',
      unit: 's',
      lines: [line('max by (shard, replica) (replica_lag_seconds)', '{{shard}} {{replica}}')],
    },
    {
      title: 'WAL not replayed',
      about: 'Bytes each replica is behind, as the primary sees it. A line that ends: the replica is gone.',
      unit: 'bytes',
      lines: [
        line('max by (application_name) (pg_stat_replication_pg_wal_lsn_diff)', '{{application_name}}'),
      ],
    },
  ],
};

export const cacheRow: Row = {
  title: 'Cache',
  charts: [
    {
      title: 'Lookups',
      about: 'stale: no database could answer, and an older page stood in.',
      unit: 'ops',
      lines: [line(perSecond('cache_requests_total', 'cache, outcome'), '{{cache}} {{outcome}}')],
    },
    {
      title: 'Hit ratio',
      about: 'Answered without a database, of pages and of results of jobs. 1 while nobody asks.',
      unit: 'percentunit',
      lines: [
        line(
          `sum by (cache) (rate(cache_requests_total{outcome=~"local|shared|hit|stale"}[$__rate_interval])) / (sum by (cache) (rate(cache_requests_total[$__rate_interval])) > 0) or vector(1)`,
          '{{cache}}',
        ),
      ],
    },
    {
      title: 'Search and counts behind',
      about: 'Age of the oldest change that what is derived lacks.',
      unit: 's',
      lines: [line('max by (shard, feed) (feed_lag_seconds)', '{{shard}} {{feed}}')],
    },
  ],
};
