import { ROOT_CONTEXT, SpanKind, trace, type Span } from '@opentelemetry/api';
import { meters, sampledContext, tracer } from '@spillway/telemetry';
import { readDeath, type BatchEntry, type Delivery } from './batch.js';

/** The commands of a batch, each in the context of its own `process` span when it is sampled, and how to end those. */
export interface Processing {
  readonly entries: readonly BatchEntry[];
  readonly end: () => void;
}

/**
 * Starts a CONSUMER span per sampled command below the trace it was accepted in, so that one trace holds the
 * whole post. The batch itself is a trace of its own, linked both ways by the handler.
 */
export function startProcessing(queue: string, deliveries: readonly Delivery[], now: number): Processing {
  const spans: Span[] = [];
  const entries = deliveries.flatMap((delivery) => {
    const messageId: unknown = delivery.message.properties.messageId;
    const id = typeof messageId === 'string' ? messageId : undefined;
    const common = { messageId: id, body: delivery.message.content, death: readDeath(delivery.message) };
    return delivery.entries.map((decoded, ordinal): BatchEntry => {
      if (decoded.as !== 'valid') return { ...common, decoded, ordinal, context: ROOT_CONTEXT };
      const waitMs = Math.max(0, now - decoded.command.acceptedAt);
      meters().postQueueWaitSeconds.record(waitMs / 1000);
      const parent = sampledContext(decoded.command.traceparent);
      if (!parent) return { ...common, decoded, ordinal, context: ROOT_CONTEXT };
      const span = tracer().startSpan(
        `process ${queue}`,
        {
          kind: SpanKind.CONSUMER,
          attributes: {
            'messaging.system': 'rabbitmq',
            'messaging.operation.name': 'process',
            'messaging.operation.type': 'process',
            'messaging.destination.name': queue,
            'app.queue_wait_ms': waitMs,
            'app.redelivered': delivery.message.fields.redelivered,
            'app.delivery_count': delivery.deliveryCount,
            'app.retry': decoded.command.attempt ?? 0,
            ...(id ? { 'messaging.message.id': id } : {}),
          },
        },
        parent,
      );
      spans.push(span);
      return { ...common, decoded, ordinal, context: trace.setSpan(parent, span) };
    });
  });
  return { entries, end: () => spans.forEach((span) => span.end()) };
}
