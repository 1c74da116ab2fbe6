import { trace, type TextMapPropagator } from '@opentelemetry/api';
import { remoteSpan, traceparentOf } from './traceparent.js';

const PARENT = 'traceparent';
const STATE = 'tracestate';

/**
 * Carries `traceparent` and `tracestate` of W3C Trace Context, and nothing else: a client's baggage ends at our
 * door.
 */
export const traceContextPropagator: TextMapPropagator = {
  inject(context, carrier, setter) {
    const text = traceparentOf(context);
    if (text === undefined) return;
    setter.set(carrier, PARENT, text);
    const state = trace.getSpanContext(context)?.traceState?.serialize();
    if (state !== undefined && state !== '') setter.set(carrier, STATE, state);
  },
  extract(context, carrier, getter) {
    const states = getter.get(carrier, STATE);
    const remote = remoteSpan(getter.get(carrier, PARENT), Array.isArray(states) ? states.join(',') : states);
    return remote ? trace.setSpanContext(context, remote) : context;
  },
  fields: () => [PARENT, STATE],
};
