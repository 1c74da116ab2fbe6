import { describe, expect, it } from '@jest/globals';
import { eventually, notYet, readReceivedSpans, type ReceivedSpan } from '@spillway/testing';
import { callerOf, freshTenant } from './api.js';

describe('the trace of a post', () => {
  it('goes from the request to the commit under one trace id, and to the batch and back by links', async () => {
    const api = await callerOf(freshTenant());
    const traceId = '4bf92f3577b34da6' + crypto.randomUUID().replaceAll('-', '').slice(0, 16);
    const { job } = await api.postAndFollow({ content: 'words nobody may see' }, '/v1/posts', {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(job.traceId).toBe(traceId);
    const spans = await eventually(
      'the receiver has the whole trace',
      async () => {
        const received = await readReceivedSpans(api.stack.dir, traceId);
        return received.some(({ name }) => name === 'post.persist')
          ? received
          : notYet(received.map(({ name }) => name));
      },
      { deadlineMs: 15_000, everyMs: 250 },
    );
    const byName = (name: RegExp): ReceivedSpan => {
      const found = spans.find((span) => name.test(span.name));
      if (!found) throw new Error(`no span ${name} among ${spans.map((span) => span.name).join(', ')}`);
      return found;
    };
    const server = byName(/^POST \/v1\/posts$/);
    const send = byName(/^send posts$/);
    const process = byName(/^process posts\.write\./);
    const persist = byName(/^post\.persist$/);
    expect(server.parentSpanId).toBe('00f067aa0ba902b7');
    expect(ancestors(spans, send)).toContain(server.spanId);
    expect(ancestors(spans, process)).toContain(server.spanId);
    expect(persist.parentSpanId).toBe(process.spanId);
    expect([server.service, process.service]).toEqual(['spillway-gateway', 'spillway-writer']);
    for (const span of spans) {
      expect([
        span.name,
        span === server || spans.some(({ spanId }) => spanId === span.parentSpanId),
      ]).toEqual([span.name, true]);
    }
    const link = persist.links[0];
    if (!link) throw new Error('post.persist has no link to its batch');
    const batch = (await readReceivedSpans(api.stack.dir, link.traceId)).find(
      ({ spanId }) => spanId === link.spanId,
    );
    expect(batch?.name).toBe('posts.batch write');
    expect(batch?.links.map((l) => l.spanId)).toContain(process.spanId);
    expect(
      JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('nobody may see');
  });
});

function ancestors(spans: readonly ReceivedSpan[], of: ReceivedSpan): string[] {
  const parent = spans.find(({ spanId }) => spanId === of.parentSpanId);
  return parent ? [parent.spanId, ...ancestors(spans, parent)] : [];
}
