import { metrics, type Attributes, type Counter, type Histogram } from '@opentelemetry/api';
import { TalliedCounter, TalliedHistogram } from './tally.js';

const SECONDS_FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SECONDS_HTTP = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SECONDS_LAG = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

/** Label sets known beforehand, so that their series exist before the first event. */
const FAILURES = ['id_taken', 'invalid_command', 'data_rejected', 'discarded'] as const;
const REFUSALS = [
  'broker_unavailable',
  'broker_rejected',
  'too_many_unconfirmed',
  'confirm_timeout',
  'shutting_down',
  'quota_exceeded',
] as const;

/** What a lookup comes to, by cache. */
const LOOKUPS: Readonly<Record<string, readonly string[]>> = {
  pages: ['local', 'shared', 'hit', 'outdated', 'miss', 'error', 'stale'],
  results: ['hit', 'miss', 'error'],
};

/** The instruments of docs "Telemetry", by their names on the wire. No label holds user text or ids of people. */
export interface Meters {
  readonly httpServerRequestDuration: TalliedHistogram<{ route: string; method: string; status: number }>;
  readonly postsAccepted: Counter;
  readonly postsCommitted: Counter;
  readonly postsFailed: Counter<{ code: string }>;
  readonly postsRefused: Counter<{ reason: string }>;
  readonly publishConfirmSeconds: Histogram;
  readonly postQueueWaitSeconds: Histogram;
  readonly postCommitLagSeconds: Histogram;
  readonly batchSize: Histogram;
  readonly batchFlushSeconds: Histogram<{ trigger: string }>;
  readonly cacheRequests: TalliedCounter<{ cache: string; outcome: string }>;
  readonly routerReads: Counter<{ served_by: string }>;
}

let created: Meters | undefined;

/** The instruments of this process, created at the first call; without the SDK they measure nothing. */
export function meters(): Meters {
  created ??= create();
  return created;
}

function create(): Meters {
  return {
    httpServerRequestDuration: new TalliedHistogram({
      name: 'http_server_request_duration',
      description: 'Seconds from request to response',
      boundaries: SECONDS_HTTP,
      keyOf: ({ route, method, status }) => `${status} ${method} ${route}`,
    }),
    postsAccepted: counter('posts_accepted_total', 'Posts the broker confirmed', [{}]),
    postsCommitted: counter('posts_committed_total', 'Posts committed to the primary', [{}]),
    postsFailed: counter(
      'posts_failed_total',
      'Commands that ended without a post',
      FAILURES.map((code) => ({ code })),
    ),
    postsRefused: counter(
      'posts_refused_total',
      'Posts answered with 429, 503 or 504',
      REFUSALS.map((reason) => ({ reason })),
    ),
    publishConfirmSeconds: histogram(
      'publish_confirm_seconds',
      'Seconds from publish to confirm',
      SECONDS_FAST,
    ),
    postQueueWaitSeconds: histogram(
      'post_queue_wait_seconds',
      'Seconds from accept to delivery',
      SECONDS_LAG,
    ),
    postCommitLagSeconds: histogram('post_commit_lag_seconds', 'Seconds from accept to commit', SECONDS_LAG),
    batchSize: histogram('batch_size', 'Commands in one transaction', BATCH_SIZES),
    batchFlushSeconds: histogram('batch_flush_seconds', 'Seconds of one batch transaction', SECONDS_FAST),
    cacheRequests: lookups(),
    routerReads: counter('router_reads_total', 'Reads by the node that answered', [{ served_by: 'primary' }]),
  };
}

function lookups(): Meters['cacheRequests'] {
  const made: Meters['cacheRequests'] = new TalliedCounter(
    'cache_requests_total',
    'Lookups in a cache',
    ({ cache, outcome }) => `${cache} ${outcome}`,
  );
  for (const [cache, outcomes] of Object.entries(LOOKUPS))
    for (const outcome of outcomes) made.add(0, { cache, outcome });
  return made;
}

const meter = () => metrics.getMeter('spillway');

function counter<A extends Attributes>(name: string, description: string, zeros: readonly A[]): Counter<A> {
  const made = meter().createCounter<A>(name, { description });
  for (const labels of zeros) made.add(0, labels);
  return made;
}

const histogram = <A extends Attributes>(
  name: string,
  description: string,
  boundaries: number[],
): Histogram<A> =>
  meter().createHistogram<A>(name, { description, advice: { explicitBucketBoundaries: boundaries } });
