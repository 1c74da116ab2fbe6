import type { Span } from '@opentelemetry/api';

/**
 * A server's error message may quote the value it refused; the span keeps that it failed, not the words. An
 * exception given as text has been freed of them before.
 */
export function withholdMessages(span: Span): void {
  if (!span.isRecording()) return;
  const setStatus = span.setStatus.bind(span);
  const recordException = span.recordException.bind(span);
  span.setStatus = ({ code }) => setStatus({ code });
  span.recordException = (exception, time) =>
    recordException(typeof exception === 'string' ? exception : { name: exception.name ?? 'Error' }, time);
}
