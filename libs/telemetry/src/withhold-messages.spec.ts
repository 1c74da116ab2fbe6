import { expect, it, jest } from '@jest/globals';
import { SpanStatusCode, trace, type SpanStatus } from '@opentelemetry/api';
import { withholdMessages } from './withhold-messages.js';

it('keeps that a span failed and not the words of the server', () => {
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const setStatus = jest.fn((_status: SpanStatus) => span);
  span.setStatus = setStatus;
  withholdMessages(span);
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'invalid input syntax: "the diary of eve"' });
  expect(setStatus.mock.calls).toEqual([[{ code: SpanStatusCode.ERROR }]]);
});
