import { line, perSecond, quantiles, type Row } from './panels.js';

const LAG = 'post_commit_lag_seconds';

export const commitRow: Row = {
  title: 'Commit',
  charts: [
    {
      title: 'Accept to commit',
      about: 'The objective is a p99 of 250 ms at 60 % of the peak.',
      unit: 's',
      lines: quantiles(LAG),
    },
    {
      title: 'Committed within 5 s',
      about: 'What the commit-lag alerts count. 1 while nothing is written.',
      unit: 'percentunit',
      lines: [
        line(
          `${perSecond(`${LAG}_bucket{le="5"}`)} / (${perSecond(`${LAG}_count`)} > 0) or vector(1)`,
          'within 5 s',
        ),
      ],
    },
    {
      title: 'Oldest command not committed',
      about: 'Of those a writer holds. It climbs second by second while the primary is away.',
      unit: 's',
      lines: [line('max by (instance) (post_oldest_uncommitted_seconds)', '{{instance}}')],
    },
    {
      title: 'Accept to delivery',
      about: 'The part of the commit lag that is spent in the queue: more writers help, or a faster primary.',
      unit: 's',
      lines: quantiles('post_queue_wait_seconds'),
    },
    {
      title: 'Batches',
      about: 'Commands of a transaction on average, and how long it takes.',
      unit: 'short',
      lines: [
        line(
          `${perSecond('batch_size_sum')} / (${perSecond('batch_size_count')} > 0) or vector(0)`,
          'commands',
        ),
        line(
          `histogram_quantile(0.99, sum by (le) (rate(batch_flush_seconds_bucket[$__rate_interval]))) * 1000`,
          'p99 in ms',
        ),
      ],
    },
    {
      title: 'Failed a second',
      about: 'Commands that ended without a post; their jobs say why.',
      unit: 'ops',
      lines: [line(perSecond('posts_failed_total', 'code'), '{{code}}')],
    },
  ],
};
