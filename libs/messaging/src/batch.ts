import type { ConsumeMessage } from 'amqplib';
import type { Context } from '@opentelemetry/api';
import { decodeEnvelope, type Decoded } from '@spillway/contracts/server';

/** Why a batch was closed. */
export type BatchTrigger = 'commands' | 'bytes' | 'age' | 'stop' | 'alone';

/** One received message, taken apart. */
export interface Delivery {
  readonly message: ConsumeMessage;
  readonly entries: readonly Decoded[];
  readonly receivedAt: number;
  /** How often the message was delivered before and not acked; 0 the first time. */
  readonly deliveryCount: number;
}

/** One command of a batch with where it came from. */
export interface BatchEntry {
  readonly decoded: Decoded;
  readonly messageId: string | undefined;
  /** Place within its message. */
  readonly ordinal: number;
  /** Holds the command's `process` span. */
  readonly context: Context;
}

/** What a handler gets: commands of one queue, in order of arrival. */
export interface Batch {
  readonly queue: string;
  readonly entries: readonly BatchEntry[];
  readonly trigger: BatchTrigger;
  /** 1 at first, then one more each time the batch is tried again. */
  readonly attempt: number;
}

export function readDelivery(message: ConsumeMessage, receivedAt: number): Delivery {
  const count: unknown = message.properties.headers?.['x-delivery-count'];
  return {
    message,
    entries: decodeEnvelope(message.content),
    receivedAt,
    deliveryCount: typeof count === 'number' ? count : 0,
  };
}
