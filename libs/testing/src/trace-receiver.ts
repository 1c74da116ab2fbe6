import { createRequire } from 'node:module';
import { toReceivedSpan, type ReceivedSpan } from './span.js';

/** The slice of `@elastic/mockotlpserver` used here; it ships no types of its own. */
interface MockOtlp {
  readonly MockOtlpServer: new (options: {
    readonly logLevel: string;
    readonly services: readonly string[];
    readonly httpHostname: string;
    readonly httpPort: number;
    readonly onTrace: (request: unknown) => void;
  }) => { readonly httpUrl: URL; start(): Promise<void>; close(): Promise<void> };
  readonly normalizeTrace: (request: unknown) => NormalisedRequest;
}

interface NormalisedRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: Readonly<Record<string, unknown>> };
    readonly scopeSpans?: readonly { readonly spans?: readonly unknown[] }[];
  }[];
}

/** A running OTLP/HTTP receiver. */
export interface TraceReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** Every span received so far, or those of one trace. */
  spans(traceId?: string): readonly ReceivedSpan[];
  clear(): void;
  stop(): Promise<void>;
}

/**
 * Starts a real OTLP receiver (protobuf and JSON over HTTP) on a free port of the loopback. Receivers
 * of one process share what they receive: start one per process.
 */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const { MockOtlpServer, normalizeTrace } = createRequire(import.meta.url)(
    '@elastic/mockotlpserver',
  ) as MockOtlp;
  let received: ReceivedSpan[] = [];
  const server = new MockOtlpServer({
    logLevel: 'error',
    services: ['http'],
    httpHostname: '127.0.0.1',
    httpPort: 0,
    onTrace: (request) => received.push(...spansOf(normalizeTrace(request))),
  });
  await server.start();
  return {
    url: server.httpUrl.origin,
    spans: (traceId) => (traceId === undefined ? received : received.filter((s) => s.traceId === traceId)),
    clear: () => {
      received = [];
    },
    stop: () => server.close(),
  };
}

function spansOf({ resourceSpans = [] }: NormalisedRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const name = resource?.attributes?.['service.name'];
    const service = typeof name === 'string' ? name : '';
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => toReceivedSpan(span, service)));
  });
}
