import { metrics, type Attributes } from '@opentelemetry/api';

const GAUGES = {
  publish_unconfirmed: 'Posts that wait for their confirm',
  publish_unconfirmed_limit: 'Posts that may wait for their confirm, as the broker is now',
  post_oldest_uncommitted_seconds: 'Age of the oldest command that is held and not committed',
  clock_offset_seconds: 'Seconds this clock is ahead of Redis',
  requests_waiting: 'Requests that wait for a command to end, because they asked for it',
  event_streams_open: 'Streams of events about jobs that are open',
  revocations_held: 'Revoked tokens that this process refuses',
  revocations_age_seconds: 'Seconds since the list of revoked tokens was compared with Redis',
  replica_lag_seconds: 'Seconds a replica is behind, measured by the router',
  feed_lag_seconds: 'Age of the oldest change that search or the counts do not contain yet',
  ledger_commands: 'Accepted commands of a shard by what became of them, and accepted ones themselves',
  ledger_in_flight_messages: 'Messages of a shard in the queues, those that writers hold included',
  ledger_gap: 'Accepted commands of a shard that are nowhere: more than 0 for a minute means lost',
  partitions_ahead: 'Coming months that have partitions',
} as const;

export type GaugeName = keyof typeof GAUGES;
/** One value, or one per label set. Undefined: nothing to report now. */
export type Observation =
  number | readonly { readonly value: number; readonly labels: Attributes }[] | undefined;

/** Asks `read` at each scrape. Returns a function that ends it. */
export function observe(name: GaugeName, read: () => Observation): () => void {
  const gauge = metrics.getMeter('spillway').createObservableGauge(name, { description: GAUGES[name] });
  const callback = (result: { observe(value: number, labels?: Attributes): void }): void => {
    const seen = read();
    if (typeof seen === 'number') result.observe(seen);
    else for (const { value, labels } of seen ?? []) result.observe(value, labels);
  };
  gauge.addCallback(callback);
  return () => gauge.removeCallback(callback);
}
