/** In every process of ours: counters that stay at 0 where they do not belong, and what the process is. */
const EVERYWHERE = [
  'cache_requests_total',
  'clock_offset_seconds',
  'posts_accepted_total',
  'posts_committed_total',
  'posts_failed_total',
  'posts_refused_total',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'router_reads_total',
];

/** The names of all metrics by app. Dashboards, alerts and other people's rules depend on them. */
export const METRIC_NAMES = {
  gateway: [
    ...EVERYWHERE,
    'http_server_request_duration',
    'ledger_commands',
    'ledger_gap',
    'ledger_in_flight_messages',
    'publish_confirm_seconds',
    'publish_unconfirmed',
    'publish_unconfirmed_limit',
    'requests_waiting',
    'revocations_age_seconds',
    'revocations_held',
  ],
  writer: [
    ...EVERYWHERE,
    'batch_flush_seconds',
    'batch_size',
    'feed_lag_seconds',
    'partitions_ahead',
    'post_commit_lag_seconds',
    'post_oldest_uncommitted_seconds',
    'post_queue_wait_seconds',
  ],
  reader: [
    ...EVERYWHERE,
    'event_streams_open',
    'http_server_request_duration',
    'replica_lag_seconds',
    'requests_waiting',
    'revocations_age_seconds',
    'revocations_held',
  ],
} as const;

/** Names that a process has once it has done what they measure: a writer that retries or replays publishes. */
export const SOMETIMES: readonly string[] = ['publish_confirm_seconds'];

/** Everything a metric may be told apart by; a tenant, an author or a text of theirs is not among them. */
export const LABELS = [
  ...['cache', 'code', 'feed', 'le', 'method', 'outcome', 'reason', 'replica', 'route', 'served_by', 'shard'],
  ...['state', 'status', 'trigger'],
];

/** Named by the instrumentations of OpenTelemetry, whose names they freeze themselves. */
export const FROM_INSTRUMENTATIONS = /^(?:nodejs|v8js|db_client|otel_sdk)_/;
