import { execFile, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTraceReceiver, type ReceivedSpan, type TraceReceiver } from '@spillway/testing';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** A small service: one route, one log line, one scrape; prints what the spec looks at as JSON. */
const SERVICE = `
  import { createServer } from 'node:http';
  import { once } from 'node:events';
  import { context } from '@opentelemetry/api';
  import { createLogger, meters, metricsHandler, observe, requestSpan, shutdownTelemetry, startRequestTrace, tracer, traceparentOf } from '@spillway/telemetry';
  const lines = [];
  const logger = createLogger({ service: 'a', instance: 'a-1', level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) });
  const handler = metricsHandler();
  const note = (request, response) => {
    requestSpan(request)?.setAttribute('app.tenant', 'acme');
    logger.info({}, 'handled');
    const traceparent = traceparentOf(context.active());
    tracer().startSpan('inner').end();
    response.end(JSON.stringify({ traceparent }));
  };
  const server = createServer((request, response) => {
    const traced = startRequestTrace(request);
    response.once('close', () => traced?.end({ route: '/notes/:id', status: response.statusCode }));
    if (request.url === '/metrics') handler(request, response);
    else if (traced) context.with(traced.context, () => note(request, response));
    else note(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = 'http://127.0.0.1:' + server.address().port;
  const all = meters();
  all.publishConfirmSeconds.record(0.004); all.postQueueWaitSeconds.record(0.1); all.postCommitLagSeconds.record(4.9);
  all.batchSize.record(3); all.batchFlushSeconds.record(0.02, { trigger: 'size' });
  all.cacheRequests.add(1, { cache: 'results', outcome: 'hit' });
  all.httpServerRequestDuration.record(0.01, { route: '/notes/:id', method: 'GET', status: 200 });
  observe('publish_unconfirmed', () => 7);
  observe('post_oldest_uncommitted_seconds', () => 0);
  observe('replica_lag_seconds', () => [{ value: 0.5, labels: { shard: 's0', replica: 'replica-1' } }]);
  const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', 'user-agent': 'x'.repeat(5000) };
  const { traceparent } = await (await fetch(base + '/notes/7?q=swordfish', { headers })).json();
  const scrape = await fetch(base + '/metrics');
  const metrics = await scrape.text();
  server.closeAllConnections();
  server.close();
  const stoppingAt = performance.now();
  await shutdownTelemetry(1000);
  const stopMs = performance.now() - stoppingAt;
  process.stdout.write(JSON.stringify({ status: scrape.status, metrics, lines, traceparent, stopMs }), () => process.exit(0));
`;

interface Seen {
  readonly status: number;
  readonly metrics: string;
  readonly lines: readonly Record<string, unknown>[];
  readonly traceparent?: string;
  /** How long the flush at the end took. */
  readonly stopMs: number;
}

/** Runs the service from what is built, as in production. */
async function run(otlp: string, env: Record<string, string> = {}): Promise<Seen> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './dist/register.js', '--input-type=module', '-e', SERVICE],
    {
      cwd: project,
      env: {
        PATH: process.env['PATH'],
        OTEL_SERVICE_NAME: 'a',
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
        OTEL_NODE_RESOURCE_DETECTORS: 'env',
        ...env,
      },
    },
  );
  return JSON.parse(stdout) as Seen;
}

describe('the preload', () => {
  let receiver: TraceReceiver;
  let seen: Seen;
  let spans: readonly ReceivedSpan[];
  beforeAll(async () => {
    execFileSync(process.execPath, [tsc, '-b', project]);
    receiver = await startTraceReceiver();
    seen = await run(receiver.url);
    spans = receiver.spans();
  }, 120_000);
  afterAll(() => receiver.stop());

  it('sends a connected trace that follows the caller', () => {
    const server = spans.find(({ kind }) => kind === 'SERVER');
    expect(server).toMatchObject({
      name: 'GET /notes/:id',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
    });
    const inner = spans.find(({ name }) => name === 'inner');
    const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]));
    let at: string | null | undefined = inner?.spanId;
    for (let hops = 0; at && at !== server?.spanId && hops < 5; hops++) at = parents.get(at);
    expect(at).toBe(server?.spanId);
    expect(seen.traceparent?.slice(0, 35)).toBe('00-0af7651916cd43dd8448eb211c80319c');
  });

  it('puts our attribute on the span of the request, and nothing of the query', () => {
    expect(spans.find(({ kind }) => kind === 'SERVER')?.attributes['app.tenant']).toBe('acme');
    const values = spans.flatMap(({ attributes }) => Object.values(attributes)).map(String);
    expect(values.join()).not.toContain('swordfish');
    expect(Math.max(...values.map(({ length }) => length))).toBe(256);
  });

  it('makes no span for a request that is not sampled, and carries its trace on', async () => {
    receiver.clear();
    const unsampled = await run(receiver.url, { OTEL_TRACES_SAMPLER_ARG: '0' });
    expect(unsampled.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
    expect(unsampled.lines[0]).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c' });
    expect(receiver.spans()).toEqual([]);
  }, 60_000);

  it('does not trace the scrape', () => {
    expect(spans.filter(({ attributes }) => attributes['url.path'] === '/metrics')).toEqual([]);
  });

  it('puts trace ids into the log', () => {
    expect(seen.lines[0]).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', msg: 'handled' });
    expect(seen.lines[0]?.['spanId']).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has the metrics of docs "Telemetry" under exactly these names', () => {
    expect(seen.status).toBe(200);
    const types = [...seen.metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const ours = types.filter((line) => !/^(?:nodejs|v8js|otel|db_client)_/.test(line)).sort();
    expect(ours).toEqual([
      'batch_flush_seconds histogram',
      'batch_size histogram',
      'cache_requests_total counter',
      'http_server_request_duration histogram',
      'post_commit_lag_seconds histogram',
      'post_oldest_uncommitted_seconds gauge',
      'post_queue_wait_seconds histogram',
      'posts_accepted_total counter',
      'posts_committed_total counter',
      'posts_failed_total counter',
      'posts_refused_total counter',
      'process_cpu_seconds_total counter',
      'process_resident_memory_bytes gauge',
      'process_start_time_seconds gauge',
      'publish_confirm_seconds histogram',
      'publish_unconfirmed gauge',
      'replica_lag_seconds gauge',
      'router_reads_total counter',
    ]);
    expect(types.join()).toContain('nodejs_eventloop_utilization gauge');
  });

  it.each([
    'posts_accepted_total 0',
    'posts_committed_total 0',
    'posts_failed_total{code="id_taken"} 0',
    'posts_refused_total{reason="broker_unavailable"} 0',
    'publish_unconfirmed 7',
    'cache_requests_total{cache="pages",outcome="stale"} 0',
    'replica_lag_seconds{shard="s0",replica="replica-1"} 0.5',
    'post_commit_lag_seconds_bucket{le="2.5"} 0',
    'post_commit_lag_seconds_bucket{le="5"} 1',
    'post_commit_lag_seconds_bucket{le="300"} 1',
    'batch_flush_seconds_count{trigger="size"} 1',
    'http_server_request_duration_count{route="/notes/:id",method="GET",status="200"} 1',
    'cache_requests_total{cache="results",outcome="hit"} 1',
  ])('the scrape has the line %s', (line) => expect(seen.metrics.split('\n')).toContain(line));

  it('loads nothing with OTEL_SDK_DISABLED=true, and the service works without', async () => {
    receiver.clear();
    const off = await run(receiver.url, { OTEL_SDK_DISABLED: 'true' });
    expect(off.status).toBe(503);
    expect(off.metrics).toContain('Metrics are off');
    expect(off.traceparent).toBeUndefined();
    expect(off.lines[0]).not.toHaveProperty('traceId');
    expect(receiver.spans()).toEqual([]);
  }, 60_000);

  it('is not held up by a receiver that is away', async () => {
    const alone = await run('http://127.0.0.1:9');
    expect(alone.status).toBe(200);
    expect(alone.stopMs).toBeLessThan(1500);
  }, 60_000);
});
