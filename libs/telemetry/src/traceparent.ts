import {
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { parseTracestate } from './tracestate.js';

const FORM = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_LENGTH = 256;

/** The W3C `traceparent` of a span or of a context's span; undefined when there is none. */
export function traceparentOf(from: Span | Context): string | undefined {
  const context = 'spanContext' in from ? from.spanContext() : trace.getSpanContext(from);
  if (!context || !isSpanContextValid(context)) return undefined;
  return `00-${context.traceId}-${context.spanId}-${(context.traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** A context whose span is the remote one of `text`; the root context when the text is not a `traceparent`. */
export function contextFromTraceparent(text: string): Context {
  const remote = parseTraceparent(text);
  return isSpanContextValid(remote) ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}

/**
 * The caller's span by the headers of its request; undefined when it sent none that is valid. Its `tracestate`
 * belongs to its `traceparent` and is nothing without one (W3C Trace Context 2, §4.3).
 */
export function remoteSpan(traceparent: unknown, tracestate: unknown): SpanContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const remote = parseTraceparent(traceparent);
  if (!isSpanContextValid(remote)) return undefined;
  const traceState = typeof tracestate === 'string' ? parseTracestate(tracestate) : undefined;
  return traceState ? { ...remote, traceState } : remote;
}

/** The remote span of a `traceparent`; an invalid one when the text is none. */
export function parseTraceparent(text: string): SpanContext {
  const match = text.length <= MAX_LENGTH ? FORM.exec(text) : null;
  if (!match) return INVALID_SPAN_CONTEXT;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match;
  if (version === '00' && rest !== undefined) return INVALID_SPAN_CONTEXT;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
