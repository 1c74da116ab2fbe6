import type { Span } from '@opentelemetry/api';

/** A server's error message may quote the value it refused; the span keeps that it failed, not the words. */
export function withholdMessages(span: Span): void {
  const setStatus = span.setStatus.bind(span);
  span.setStatus = ({ code }) => setStatus({ code });
}
