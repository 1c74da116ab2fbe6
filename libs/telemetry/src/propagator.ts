import { trace, type TextMapPropagator } from '@opentelemetry/api';
import { contextFromTraceparent, traceparentOf } from './traceparent.js';

const HEADER = 'traceparent';

/** Carries `traceparent` and nothing else: a client's baggage and tracestate end at our door. */
export const traceparentPropagator: TextMapPropagator = {
  inject(context, carrier, setter) {
    const text = traceparentOf(context);
    if (text !== undefined) setter.set(carrier, HEADER, text);
  },
  extract(context, carrier, getter) {
    const text = getter.get(carrier, HEADER);
    if (typeof text !== 'string') return context;
    const remote = trace.getSpanContext(contextFromTraceparent(text));
    return remote ? trace.setSpanContext(context, remote) : context;
  },
  fields: () => [HEADER],
};
