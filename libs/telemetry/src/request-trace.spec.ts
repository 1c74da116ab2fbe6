import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { trace, TraceFlags } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requestSpan, startRequestTrace } from './request-trace.js';
import { setRunningSdk } from './sdk-state.js';
import { idGenerator, newTraceId, withTraceId } from './trace-ids.js';

const CALLER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const request = (url: string, traceparent?: string): IncomingMessage =>
  Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url,
    headers: traceparent === undefined ? {} : { traceparent },
  });
const spanContextOf = (made: IncomingMessage) => {
  const context = startRequestTrace(made)?.context;
  return context ? trace.getSpanContext(context) : undefined;
};

describe('startRequestTrace', () => {
  beforeEach(() => run(0));
  afterEach(() => setRunningSdk(undefined));
  const run = (ratio: number): void =>
    setRunningSdk({ ratio, scrape: () => undefined, shutdown: () => Promise.resolve() });

  it('carries the trace of an unsampled caller on under a span id of its own, whatever its flag asks for', () => {
    const made = request('/v1/posts', CALLER);
    const spanContext = spanContextOf(made);
    expect(spanContext).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      traceFlags: TraceFlags.NONE,
    });
    expect(spanContext?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(spanContext?.spanId).not.toBe('00f067aa0ba902b7');
    expect(requestSpan(made)).toBeUndefined();
  });

  it.each([undefined, 'nonsense', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'])(
    'begins a trace when the caller sent %j',
    (traceparent) => {
      const first = spanContextOf(request('/v1/posts', traceparent));
      expect(first?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(first?.traceId).not.toMatch(/^0+$/);
      expect(spanContextOf(request('/v1/posts', traceparent))?.traceId).not.toBe(first?.traceId);
    },
  );

  it('has a span for what is kept', () => {
    run(1);
    const made = request('/v1/posts', CALLER);
    expect(startRequestTrace(made)).toBeDefined();
    expect(requestSpan(made)).toBeDefined();
  });

  it.each(['/health', '/health/ready', '/metrics', '/metrics?x=1'])('leaves %s alone', (url) => {
    run(1);
    expect(startRequestTrace(request(url))).toBeUndefined();
  });

  it('is nothing without the SDK', () => {
    setRunningSdk(undefined);
    expect(startRequestTrace(request('/v1/posts', CALLER))).toBeUndefined();
  });
});

describe('ids', () => {
  it('are of the form W3C Trace Context has, and never the same', () => {
    const ids = Array.from({ length: 2000 }, newTraceId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(idGenerator.generateSpanId()).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are those promised, for as long as they are', () => {
    expect(withTraceId('f'.repeat(32), idGenerator.generateTraceId)).toBe('f'.repeat(32));
    expect(idGenerator.generateTraceId()).not.toBe('f'.repeat(32));
  });
});
