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

/** From this delivery count on a message is suspected of killing its writer. */
const SUSPECT_DELIVERIES = 2;

export const isSuspect = ({ deliveryCount }: Delivery): boolean => deliveryCount >= SUSPECT_DELIVERIES;

/** One command of a batch with where it came from. */
export interface BatchEntry {
  readonly decoded: Decoded;
  readonly messageId: string | undefined;
  /** Place within its message. */
  readonly ordinal: number;
  /** The whole message, for keeping what cannot be carried out. */
  readonly body: Buffer;
  /** Why and how often the broker gave the message up; only on the dead-letter queue. */
  readonly death: Death | undefined;
  /** Holds the command's `process` span. */
  readonly context: Context;
}

export interface Death {
  readonly reason: string;
  readonly count: number;
}

/** What a handler gets: commands of one queue, in order of arrival. */
export interface Batch {
  readonly queue: string;
  readonly entries: readonly BatchEntry[];
  readonly trigger: BatchTrigger;
  /**
   * 1 at first, then one more each time the batch is tried again: all of it while it is held, and what came
   * early, with what was delivered since, while that cannot be sent round.
   */
  readonly attempt: number;
}

/** The first entry of the `x-death` header that the broker adds when it dead-letters. */
export function readDeath(message: ConsumeMessage): Death | undefined {
  const deaths: unknown = message.properties.headers?.['x-death'];
  const first: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof first !== 'object' || first === null) return undefined;
  const { reason, count } = first as { reason?: unknown; count?: unknown };
  return {
    reason: typeof reason === 'string' ? reason : 'unknown',
    count: typeof count === 'number' ? count : 1,
  };
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
