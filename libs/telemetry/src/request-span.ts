import type { IncomingMessage } from 'node:http';
import type { Span } from '@opentelemetry/api';

const spans = new WeakMap<IncomingMessage, Span>();

/** Called by the HTTP instrumentation when a request arrives. */
export function rememberRequestSpan(request: IncomingMessage, span: Span): void {
  spans.set(request, span);
}

/** The SERVER span of a request; undefined when it is not traced. It ends with the response. */
export const requestSpan = (request: IncomingMessage): Span | undefined => spans.get(request);
