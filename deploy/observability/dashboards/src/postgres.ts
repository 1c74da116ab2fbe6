import { line, perSecond, type Row } from './panels.js';

const DATABASE = '{datname="spillway"}';
const of = (metric: string): string => `pg_stat_database_${metric}${DATABASE}`;

export const postgresRow: Row = {
  title: 'Postgres',
  charts: [
    {
      title: 'Nodes',
      about: '1: answers. The second line is 1 for a replica: two nodes at 0 are two primaries.',
      unit: 'short',
      lines: [
        line('min by (instance) (pg_up)', '{{instance}}'),
        line('max by (instance) (pg_replication_is_replica)', '{{instance}} is a replica'),
      ],
    },
    {
      title: 'Transactions a second',
      about: 'A batch of posts is one transaction of the primary.',
      unit: 'ops',
      lines: [
        line(perSecond(of('xact_commit'), 'instance'), '{{instance}} commits'),
        line(perSecond(of('xact_rollback'), 'instance'), '{{instance}} rollbacks'),
      ],
    },
    {
      title: 'Rows a second',
      about: 'Inserted, updated and deleted; the same on a replica means that it replays.',
      unit: 'ops',
      lines: ['inserted', 'updated', 'deleted'].map((what) => line(perSecond(of(`tup_${what}`)), what)),
    },
    {
      title: 'Connections by state',
      about: 'idle in transaction should be near 0: somebody began and does nothing.',
      unit: 'short',
      lines: [line(`sum by (instance, state) (pg_stat_activity_count${DATABASE})`, '{{instance}} {{state}}')],
    },
    {
      title: 'Longest transaction',
      about: 'Longer than a minute it keeps old rows from being cleaned up.',
      unit: 's',
      lines: [line(`max by (instance) (pg_stat_activity_max_tx_duration${DATABASE})`, '{{instance}}')],
    },
    {
      title: 'Replay lag, as the nodes say',
      about: 'Reads 0 when replication is cut: the lag that the readers measure (dashboard Reads) does not.',
      unit: 's',
      lines: [line('max by (instance) (pg_replication_lag_seconds)', '{{instance}}')],
    },
    {
      title: 'Blocks found in memory',
      about: 'Below 0.99 reads wait for the disk. 1 while nothing is read.',
      unit: 'percentunit',
      lines: [
        line(
          `sum(rate(${of('blks_hit')}[$__rate_interval])) / (sum(rate(${of('blks_hit')}[$__rate_interval])) + sum(rate(${of('blks_read')}[$__rate_interval])) > 0) or vector(1)`,
          'in memory',
        ),
      ],
    },
    {
      title: 'Deadlocks and conflicts a second',
      about: 'Deadlocks should be 0. A conflict is a query of a replica that replay had to end.',
      unit: 'ops',
      lines: [line(perSecond(of('deadlocks')), 'deadlocks'), line(perSecond(of('conflicts')), 'conflicts')],
    },
    {
      title: 'Size',
      about: 'Of the database, on each node.',
      unit: 'bytes',
      lines: [line(`max by (instance) (pg_database_size_bytes${DATABASE})`, '{{instance}}')],
    },
  ],
};
