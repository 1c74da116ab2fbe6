import { describe, expect, it } from '@jest/globals';
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { traceContextPropagator } from './propagator.js';
import { contextFromTraceparent, traceparentOf } from './traceparent.js';

const TEXT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('goes out as it came in, and is remote', () => {
    const context = contextFromTraceparent(TEXT);
    expect(trace.getSpanContext(context)?.isRemote).toBe(true);
    expect(traceparentOf(context)).toBe(TEXT);
    const span = trace.getSpan(context);
    expect(span && traceparentOf(span)).toBe(TEXT);
  });

  it('does so for all ids', () => {
    const hex = (n: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${n}}$`)).filter((id) => !/^0+$/.test(id));
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom('00', '01'), (traceId, spanId, flags) => {
        const text = `00-${traceId}-${spanId}-${flags}`;
        expect(traceparentOf(contextFromTraceparent(text))).toBe(text);
      }),
    );
  });

  it.each([
    '',
    'x',
    TEXT.toUpperCase(),
    `${TEXT}-more`,
    `ff${TEXT.slice(2)}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    `${TEXT}, ${TEXT}`,
    `${TEXT}\n`,
    `01-${TEXT.slice(3)}-${'x'.repeat(60_000)}`,
  ])('%# refuses what is none', (text) => expect(contextFromTraceparent(text)).toBe(ROOT_CONTEXT));

  it('reads what a later version adds', () => {
    expect(traceparentOf(contextFromTraceparent(`01${TEXT.slice(2)}-more`))).toBe(TEXT);
  });

  it('is not there where no span is', () => expect(traceparentOf(ROOT_CONTEXT)).toBeUndefined());
});

describe('traceContextPropagator', () => {
  it('carries traceparent and tracestate, and nothing else', () => {
    const carrier = { traceparent: TEXT, tracestate: 'a=1', baggage: 'user=eve' };
    const context = traceContextPropagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    const out = {};
    traceContextPropagator.inject(context, out, defaultTextMapSetter);
    expect(out).toEqual({ traceparent: TEXT, tracestate: 'a=1' });
  });
});
