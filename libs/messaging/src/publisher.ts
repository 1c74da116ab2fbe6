import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { ConfirmChannel } from 'amqplib';
import { meters, tracer, type Logger } from '@spillway/telemetry';
import type { BrokerConnection } from './broker-connection.js';
import { PublishError } from './publish-error.js';
import { SupervisedChannel } from './supervised-channel.js';
import { EXCHANGE } from './topology.js';

export interface PublisherOptions {
  readonly connection: BrokerConnection;
  readonly logger: Logger;
  /** How long a publish waits for its confirm before its outcome counts as unknown. */
  readonly timeoutMs: number;
  /** How many publishes may wait for a confirm at once; more are refused. */
  readonly maxUnconfirmed: number;
}

export interface OutgoingMessage {
  readonly messageId: string;
  readonly type: string;
  readonly exchange?: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** Posts in the message, for counting what was accepted. */
  readonly posts: number;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

interface Pending {
  returned: boolean;
  readonly settle: (error: PublishError | null) => void;
}

/**
 * Publishes with confirms on one channel. Nothing is buffered for later: what cannot go out now is
 * refused now, so that no post appears after its client was told that it was not accepted.
 */
export class Publisher {
  private readonly pending = new Map<string, Pending>();
  private readonly channel: SupervisedChannel<ConfirmChannel>;
  private ready = false;
  private closing = false;
  private onIdle: (() => void) | undefined;

  constructor(private readonly options: PublisherOptions) {
    this.channel = new SupervisedChannel({
      connection: options.connection,
      logger: options.logger,
      open: (model) => model.createConfirmChannel(),
      setup: (channel) => this.setup(channel),
      lost: () => this.lost(),
    });
  }

  /** How many publishes wait for their confirm. */
  get unconfirmed(): number {
    return this.pending.size;
  }

  /** Why nothing can be published now, or null while the gate is open. */
  get closedBecause(): PublishError | null {
    const { connection, maxUnconfirmed } = this.options;
    if (this.closing) return new PublishError('unavailable', 'the publisher is stopping');
    if (!this.ready) return new PublishError('unavailable', 'there is no connection to the broker');
    if (connection.blocked)
      return new PublishError('blocked', 'the broker is out of memory or disk and blocks publishers');
    if (this.pending.size >= maxUnconfirmed)
      return new PublishError('full', `${maxUnconfirmed} posts already wait for the broker`);
    return null;
  }

  /**
   * Resolves when a quorum of the queue's replicas has the message on disk.
   * @throws PublishError, whose `failure` says whether the message may have been stored.
   */
  async publish(message: OutgoingMessage): Promise<void> {
    const refusal = this.closedBecause;
    const channel = this.channel.current;
    if (refusal) throw refusal;
    if (!channel) throw new PublishError('unavailable', 'there is no channel to the broker');
    const span = tracer().startSpan('send posts', {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': 'rabbitmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': message.exchange ?? EXCHANGE.posts,
        'messaging.rabbitmq.destination.routing_key': message.routingKey,
        'messaging.message.id': message.messageId,
      },
    });
    const startedAt = performance.now();
    try {
      await context.with(trace.setSpan(context.active(), span), () => this.send(channel, message));
    } catch (error) {
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof PublishError ? error.failure : 'unknown',
      });
      throw error;
    } finally {
      meters().publishConfirmSeconds.record((performance.now() - startedAt) / 1000);
      span.end();
    }
  }

  /** Refuses new messages, waits until the rest is confirmed or timed out, and closes. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.pending.size > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    await this.channel.close();
  }

  private send(channel: ConfirmChannel, message: OutgoingMessage): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new PublishError('unknown', 'the broker did not confirm in time')),
        this.options.timeoutMs,
      );
      const settle = (error: PublishError | null): void => {
        if (!this.pending.delete(message.messageId)) return;
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
        if (this.pending.size === 0) this.onIdle?.();
      };
      const entry: Pending = { returned: false, settle };
      this.pending.set(message.messageId, entry);
      const confirmed = (error: unknown): void => {
        const failure = failureOf(entry, error);
        // Confirms that come after the deadline count too: those posts are safe, whatever the client was told.
        if (!failure) meters().postsAccepted.add(message.posts);
        settle(failure);
      };
      const options = {
        mandatory: true,
        persistent: true,
        contentType: 'application/json',
        messageId: message.messageId,
        type: message.type,
        timestamp: Math.floor(message.timestamp / 1000),
      };
      try {
        channel.publish(
          message.exchange ?? EXCHANGE.posts,
          message.routingKey,
          message.body,
          options,
          confirmed,
        );
      } catch {
        settle(new PublishError('unavailable', 'the channel to the broker was closed'));
      }
    });
  }

  private async setup(channel: ConfirmChannel): Promise<void> {
    // A returned message is confirmed as well, and its return comes first (RabbitMQ, "Publisher confirms").
    channel.on('return', (message) => {
      const entry = this.pending.get(String(message.properties.messageId));
      if (entry) entry.returned = true;
    });
    await channel.checkExchange(EXCHANGE.posts);
    this.ready = true;
  }

  private lost(): void {
    this.ready = false;
    for (const entry of [...this.pending.values()]) {
      entry.settle(new PublishError('unknown', 'the connection to the broker was lost before it confirmed'));
    }
  }
}

/** What the broker's answer means, or null when the message is safe. */
function failureOf(entry: Pending, error: unknown): PublishError | null {
  if (error) {
    return error instanceof Error && error.message === 'message nacked'
      ? new PublishError('rejected', 'the broker refused the post: its queue is full or has no majority')
      : new PublishError('unknown', 'the connection to the broker was lost before it confirmed');
  }
  return entry.returned
    ? new PublishError('unroutable', 'no queue takes this post: the topology is not complete')
    : null;
}
