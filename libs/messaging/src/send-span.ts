import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { Command } from '@spillway/contracts';
import { tracer, traceparentOf } from '@spillway/telemetry';
import { PublishError } from './publish-error.js';
import { EXCHANGE } from './topology.js';

/** What a `send posts` span says of its message. */
export interface SentMessage {
  /** Left out when it is not known yet. */
  readonly messageId?: string;
  readonly exchange?: string;
  readonly routingKey: string;
}

/** A PRODUCER span below the active one; undefined, at no cost, when that is not sampled. */
export function startSendSpan({ messageId, exchange, routingKey }: SentMessage): Span | undefined {
  if (trace.getActiveSpan()?.isRecording() !== true) return undefined;
  return tracer().startSpan('send posts', {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system': 'rabbitmq',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': exchange ?? EXCHANGE.posts,
      'messaging.rabbitmq.destination.routing_key': routingKey,
      ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    },
  });
}

/** A command as its receiver gets it: what becomes of it there goes on below the span that sent it. */
export function below(span: Span, command: Command): Command {
  const traceparent = traceparentOf(span);
  return traceparent === undefined ? command : { ...command, traceparent };
}

/** Ends it with the confirm, or with what came instead. */
export function endSendSpan(span: Span | undefined, error?: unknown): void {
  if (!span) return;
  if (error !== undefined)
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: error instanceof PublishError ? error.failure : 'unknown',
    });
  span.end();
}
