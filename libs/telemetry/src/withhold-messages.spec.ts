import { expect, it, jest } from '@jest/globals';
import { SpanStatusCode, trace, type Exception, type SpanStatus } from '@opentelemetry/api';
import { withholdMessages } from './withhold-messages.js';

it('keeps that a span failed and not the words of the server', () => {
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const setStatus = jest.fn((_status: SpanStatus) => span);
  const recordException = jest.fn((_exception: Exception) => undefined);
  Object.assign(span, { setStatus, recordException, isRecording: () => true });
  withholdMessages(span);
  const quoting = new TypeError('invalid input syntax: "the diary of eve"');
  span.setStatus({ code: SpanStatusCode.ERROR, message: quoting.message });
  span.recordException(quoting);
  expect(setStatus.mock.calls).toEqual([[{ code: SpanStatusCode.ERROR }]]);
  expect(recordException.mock.calls.map(([exception]) => exception)).toEqual([{ name: 'TypeError' }]);
});
