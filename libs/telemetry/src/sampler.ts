import {
  isSpanContextValid,
  SamplingDecision,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type SpanKind,
} from '@opentelemetry/api';

interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): { decision: SamplingDecision };
  toString(): string;
}

const KEEP = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const DROP = { decision: SamplingDecision.NOT_RECORD };

/**
 * Keeps `ratio` of all traces, decided by the trace id, so that every process decides alike.
 * A local parent is followed. A remote parent only gives its trace id: a client must not be able to
 * switch tracing on with its `sampled` flag. A span with a sampled link is kept, so that a batch is
 * there whenever one of its messages is.
 */
export function createSampler(ratio: number): Sampler {
  return {
    shouldSample(context, traceId, _name, _kind, _attributes, links) {
      if (links.some((link) => isSampled(link.context.traceFlags))) return KEEP;
      const parent = trace.getSpanContext(context);
      if (parent && isSpanContextValid(parent) && parent.isRemote !== true) {
        return isSampled(parent.traceFlags) ? KEEP : DROP;
      }
      return isKept(traceId, ratio) ? KEEP : DROP;
    },
    toString: () => `SpillwaySampler{${ratio}}`,
  };
}

const isSampled = (flags: number): boolean => (flags & TraceFlags.SAMPLED) !== 0;

/** Whether the trace belongs to the part `ratio` of all that is kept. Every process decides alike. */
export const isKept = (traceId: string, ratio: number): boolean => fractionOf(traceId) < ratio;

/** The random part of a trace id (W3C Trace Context 2: the last 56 bits), of which 52 fit a double, as 0 ≤ f < 1. */
const fractionOf = (traceId: string): number => Number.parseInt(traceId.slice(-13), 16) / 2 ** 52;
