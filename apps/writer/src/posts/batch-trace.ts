import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import { processClock } from '@spillway/contracts/server';
import type { Batch, Outcome } from '@spillway/messaging';
import { tracer } from '@spillway/telemetry';

/** A batch being traced. */
export interface BatchTrace {
  /** Runs `fn` so that its statements become children of the batch's span. */
  run<T>(fn: () => Promise<T>): Promise<T>;
  end(outcomes: readonly Outcome[]): void;
  fail(): void;
}

/**
 * The batch is a trace of its own with links to every sampled post in it, and every such post's trace
 * gets a `post.persist` span with a link back: neither hangs below the other by accident.
 */
export function startBatchTrace(batch: Batch): BatchTrace {
  const startTime = processClock.now();
  const sampled = batch.entries.map((entry) => isSampled(entry.context));
  const links = batch.entries.flatMap((entry, index) => {
    const linked = trace.getSpanContext(entry.context);
    return sampled[index] && linked ? [{ context: linked }] : [];
  });
  const span = tracer().startSpan(
    'posts.batch write',
    {
      kind: SpanKind.INTERNAL,
      root: true,
      links,
      attributes: {
        'messaging.batch.message_count': batch.entries.length,
        'messaging.destination.name': batch.queue,
        'app.batch_trigger': batch.trigger,
        'app.attempt': batch.attempt,
      },
    },
    ROOT_CONTEXT,
  );
  return {
    run: (fn) => context.with(trace.setSpan(ROOT_CONTEXT, span), fn),
    end(outcomes) {
      span.end();
      const now = processClock.now();
      batch.entries.forEach((entry, index) => {
        if (!sampled[index] || entry.decoded.as !== 'valid') return;
        const attributes = {
          'app.outcome': outcomes[index]?.result ?? 'unavailable',
          'app.batch_size': batch.entries.length,
          'app.commit_lag_ms': Math.max(0, now - entry.decoded.command.acceptedAt),
        };
        const options = { startTime, attributes, links: [{ context: span.spanContext() }] };
        tracer().startSpan('post.persist', options, entry.context).end();
      });
    },
    fail() {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'not committed, held for another attempt' });
      span.end();
    },
  };
}

function isSampled(of: Context): boolean {
  const spanContext = trace.getSpanContext(of);
  return (
    spanContext !== undefined &&
    isSpanContextValid(spanContext) &&
    (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0
  );
}
