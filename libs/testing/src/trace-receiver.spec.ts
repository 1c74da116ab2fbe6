import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { startTraceReceiver, type TraceReceiver } from './trace-receiver.js';

describe('startTraceReceiver', () => {
  let receiver: TraceReceiver;
  beforeAll(async () => {
    receiver = await startTraceReceiver();
  });
  beforeEach(() => {
    receiver.clear();
  });
  afterAll(() => receiver.stop());

  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const request = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'spillway-gateway' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId: '00f067aa0ba902b7',
                parentSpanId: 'b7ad6b7169203331',
                name: 'POST /v1/posts',
                kind: 2,
                startTimeUnixNano: '1700000000000000001',
                endTimeUnixNano: '1700000000000000002',
                attributes: [{ key: 'http.route', value: { stringValue: '/v1/posts' } }],
                links: [{ traceId, spanId: '00f067aa0ba902b8', attributes: [] }],
                status: { code: 1 },
              },
            ],
          },
        ],
      },
    ],
  };

  it('receives spans over OTLP and normalises them', async () => {
    const answer = await fetch(`${receiver.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    expect(answer.status).toBe(200);
    await answer.text();
    const [span] = await eventually('the span is received', () => {
      const spans = receiver.spans(traceId);
      return spans.length > 0 ? spans : null;
    });
    expect(span).toEqual({
      traceId,
      spanId: '00f067aa0ba902b7',
      parentSpanId: 'b7ad6b7169203331',
      name: 'POST /v1/posts',
      kind: 'SERVER',
      service: 'spillway-gateway',
      startTimeUnixNano: 1700000000000000001n,
      endTimeUnixNano: 1700000000000000002n,
      attributes: { 'http.route': '/v1/posts' },
      links: [{ traceId, spanId: '00f067aa0ba902b8' }],
      status: 'OK',
    });
    expect(receiver.spans('00000000000000000000000000000000')).toEqual([]);
  });
});
