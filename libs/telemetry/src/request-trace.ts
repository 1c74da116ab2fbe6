import type { IncomingMessage } from 'node:http';
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { isKept } from './sampler.js';
import { runningSdk } from './sdk-state.js';
import { newSpanId, newTraceId, withTraceId } from './trace-ids.js';
import { parseTraceparent, remoteSpan } from './traceparent.js';
import { tracer } from './tracer.js';

const TEXT_MAX = 256;
const UNTRACED = /^\/(?:health|metrics)(?:[/?]|$)/;

/** How a request ended. */
export interface RequestEnd {
  /** The route's pattern, such as `/v1/posts/:id`; undefined when none took it. */
  readonly route: string | undefined;
  /** Undefined when the client went away before the answer was sent. */
  readonly status: number | undefined;
}

/** The trace of one request. */
export interface RequestTrace {
  /** What the request's work runs in. */
  readonly context: Context;
  /** Ends the SERVER span, when there is one. */
  end(how: RequestEnd): void;
}

const spans = new WeakMap<IncomingMessage, Span>();

/** The SERVER span of a request; undefined when it is not sampled. It ends with the response. */
export const requestSpan = (request: IncomingMessage): Span | undefined => spans.get(request);

/**
 * Begins the trace of a request, or goes on with its caller's. Whether it is sampled is decided before
 * anything is spent on it: a request that is not makes no span and only carries its `traceparent` on.
 * Undefined for what is never traced, and without the SDK.
 */
export function startRequestTrace(request: IncomingMessage): RequestTrace | undefined {
  const sdk = runningSdk();
  const path = pathOf(request.url ?? '');
  if (!sdk || UNTRACED.test(path)) return undefined;
  const caller = remoteSpan(request.headers['traceparent'], request.headers['tracestate']);
  const traceId = caller?.traceId ?? newTraceId();
  if (!isKept(traceId, sdk.ratio)) return new UnsampledTrace(traceId, caller);
  const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT;
  const span = withTraceId(traceId, () => startSpan(request, path, parent));
  spans.set(request, span);
  return { context: trace.setSpan(parent, span), end: (how) => endSpan(span, request.method ?? '', how) };
}

/**
 * The context of a message's `traceparent`, when the trace is kept. Undefined for what is not sampled, so
 * that nothing is spent on it, and without the SDK.
 */
export function sampledContext(traceparent: string | undefined): Context | undefined {
  const sdk = runningSdk();
  if (!sdk || traceparent === undefined) return undefined;
  const remote = parseTraceparent(traceparent);
  if (!isSpanContextValid(remote) || !isKept(remote.traceId, sdk.ratio)) return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

function startSpan({ method = '', headers }: IncomingMessage, path: string, parent: Context): Span {
  const scheme = headers['x-forwarded-proto'];
  return tracer().startSpan(
    method,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        'url.path': shortened(path),
        'url.scheme': scheme === 'https' ? scheme : 'http',
        'user_agent.original': shortened(headers['user-agent'] ?? ''),
      },
    },
    parent,
  );
}

function endSpan(span: Span, method: string, { route, status }: RequestEnd): void {
  if (route !== undefined) {
    span.updateName(`${method} ${route}`);
    span.setAttribute('http.route', route);
  }
  if (status !== undefined) span.setAttribute('http.response.status_code', status);
  const failure = status === undefined ? 'client_gone' : status >= 500 ? String(status) : undefined;
  if (failure !== undefined) {
    span.setAttribute('error.type', failure);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** What only carries the ids on. Its context is made when somebody asks for it: a request that calls nobody needs none. */
class UnsampledTrace implements RequestTrace {
  private made: Context | undefined;

  constructor(
    private readonly traceId: string,
    private readonly caller: SpanContext | undefined,
  ) {}

  get context(): Context {
    return (this.made ??= this.make());
  }

  end(): void {}

  private make(): Context {
    const { traceId } = this;
    const unsampled: SpanContext = { traceId, spanId: newSpanId(), traceFlags: TraceFlags.NONE };
    const { traceState } = this.caller ?? {};
    return trace.setSpanContext(ROOT_CONTEXT, traceState ? { ...unsampled, traceState } : unsampled);
  }
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
const shortened = (text: string): string => text.slice(0, TEXT_MAX);
