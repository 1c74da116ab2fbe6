import { trace, type Tracer } from '@opentelemetry/api';

/** The tracer of our own spans; without the SDK it makes spans that record nothing. */
export const tracer = (): Tracer => trace.getTracer('spillway');
