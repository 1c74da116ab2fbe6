import type { Span } from '@opentelemetry/api';
import type { ConfirmChannel } from 'amqplib';
import { meters, traceparentOf, type Logger } from '@spillway/telemetry';
import type { BrokerConnection } from './broker-connection.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { loopMoment, surelyWaitedMs } from './loop-moment.js';
import { expired, Outstanding, type Sent } from './outstanding.js';
import { NOT_PUBLISHED, PublishError, stalledFor, type NotPublished } from './publish-error.js';
import { endSendSpan, startSendSpan } from './send-span.js';
import { SupervisedChannel } from './supervised-channel.js';
import { EXCHANGE } from './topology.js';

export interface PublisherOptions {
  readonly connection: BrokerConnection;
  readonly logger: Logger;
  /** How long a publish waits for its confirm before its outcome counts as unknown. */
  readonly timeoutMs: number;
  /** How many posts may wait for a confirm at once; fewer while the broker is slow. More are refused. */
  readonly maxUnconfirmed: number;
}

export interface OutgoingMessage {
  readonly messageId: string;
  readonly type: string;
  readonly exchange?: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** The same body, as large, with its commands below the `send` span; asked for only when that is sampled. */
  readonly bodyBelow?: (traceparent: string) => Buffer;
  /** May take only half of the room for unconfirmed posts, so that it never shuts single posts out. */
  readonly bulk?: boolean;
  /** Posts in the message: they are what is limited and counted. */
  readonly posts: number;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

/** Bytes of bodies that may wait for their confirm, as amqplib holds them until they are written. */
const MAX_UNCONFIRMED_BYTES = 64 * 1024 * 1024;

/**
 * Publishes with confirms on one channel. Nothing is buffered for later: what cannot go out now is
 * refused now, so that no post appears after its client was told that it was not accepted.
 */
export class Publisher {
  private readonly outstanding: Outstanding;
  private readonly limit: ConcurrencyLimit;
  private readonly channel: SupervisedChannel<ConfirmChannel>;
  private readonly acceptedOf = new Map<string, number>();
  private ready = false;
  /** The last confirm and the last message sent, in milliseconds of `performance.now()`. */
  private confirmedAt = -Infinity;
  private sentAt = -Infinity;
  private closing = false;

  constructor(private readonly options: PublisherOptions) {
    this.outstanding = new Outstanding(options.timeoutMs);
    this.limit = new ConcurrencyLimit({ max: options.maxUnconfirmed, neverFineMs: options.timeoutMs / 2 });
    this.channel = new SupervisedChannel({
      connection: options.connection,
      logger: options.logger,
      open: (model) => model.createConfirmChannel(),
      setup: (channel) => this.setup(channel),
      lost: () => this.lost(),
    });
  }

  /** Milliseconds that a publish waits for its confirm. */
  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /** Posts that wait for their confirm, those included that their caller has given up. */
  get unconfirmed(): number {
    return this.outstanding.posts;
  }

  /** Posts that the broker has confirmed since this publisher exists, late ones too, by routing key. */
  get accepted(): ReadonlyMap<string, number> {
    return this.acceptedOf;
  }

  /** When the oldest of what waits for its confirm was sent, in milliseconds of `performance.now()`. */
  get oldestUnconfirmedAt(): number | undefined {
    return this.outstanding.oldestSentAt;
  }

  /** How many may wait now: between a floor and `maxUnconfirmed`, by how fast the broker confirms. */
  get unconfirmedLimit(): number {
    return this.limit.limit;
  }

  /** Why nothing can be published now, or null while the gate is open. */
  get closedBecause(): NotPublished | null {
    return this.refusalOf(false);
  }

  /**
   * Resolves when a quorum of the queue's replicas has the message on disk.
   * @throws PublishError, whose `failure` says whether the message may have been stored.
   */
  async publish(message: OutgoingMessage): Promise<void> {
    const refusal = this.refusalOf(message.bulk ?? false);
    const channel = this.channel.current;
    if (refusal) throw new PublishError(refusal);
    if (!channel) throw new PublishError(NOT_PUBLISHED.noChannel);
    const span = startSendSpan(message);
    const startedAt = performance.now();
    try {
      await this.send(channel, message, bodyOf(message, span));
      endSendSpan(span);
    } catch (error) {
      endSendSpan(span, error);
      throw error;
    } finally {
      meters().publishConfirmSeconds.record((performance.now() - startedAt) / 1000);
    }
  }

  /** Refuses new messages, waits until the rest is confirmed or timed out, and closes. */
  async close(): Promise<void> {
    this.closing = true;
    await this.outstanding.whenNobodyWaits();
    await this.channel.close();
    this.outstanding.abandon(new PublishError(NOT_PUBLISHED.stopping));
  }

  /**
   * Why a message, bulk or not, would be refused now, or null.
   * @param unsent posts of the caller that were let in and are not sent yet.
   */
  refusalOf(bulk: boolean, unsent = 0): NotPublished | null {
    if (this.closing) return NOT_PUBLISHED.stopping;
    if (!this.ready) return NOT_PUBLISHED.notConnected;
    if (this.options.connection.blocked) return NOT_PUBLISHED.blocked;
    if (this.stalled) return stalledFor(this.options.timeoutMs);
    const room = bulk ? Math.ceil(this.limit.limit / 2) : this.limit.limit;
    const full = this.outstanding.posts + unsent >= room || this.outstanding.bytes >= MAX_UNCONFIRMED_BYTES;
    return full ? NOT_PUBLISHED.full : null;
  }

  /**
   * Deadlines have passed and no confirm has come for as long: what is sent now would be late as well. One
   * message in that time is let through to find out.
   */
  private get stalled(): boolean {
    if (!this.outstanding.anyLate) return false;
    const since = performance.now() - this.options.timeoutMs;
    return this.confirmedAt < since && this.sentAt > since;
  }

  private send(channel: ConfirmChannel, message: OutgoingMessage, body: Buffer): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const entry = this.outstanding.add(
        { id: message.messageId, bytes: body.length, posts: message.posts },
        resolve,
        reject,
      );
      this.sentAt = entry.sentAt;
      const confirmed = (error: unknown): void => {
        // The channel was lost meanwhile, and with it all that was outstanding.
        if (!this.outstanding.has(entry)) return;
        this.confirmedAt = performance.now();
        const latencyMs = this.confirmedAt - entry.sentAt;
        if (!error) this.learn(entry, latencyMs);
        const failure = failureOf(entry, error);
        // Confirms that come after the deadline count too: those posts are safe, whatever the client was told.
        if (!failure) this.countAccepted(message);
        // A process that was stopped meanwhile may see the confirm before the timer of its deadline.
        const late = latencyMs > this.options.timeoutMs ? expired() : null;
        this.outstanding.settle(entry, failure ?? late);
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
        channel.publish(message.exchange ?? EXCHANGE.posts, message.routingKey, body, options, confirmed);
      } catch {
        this.outstanding.settle(entry, new PublishError(NOT_PUBLISHED.channelClosed));
      }
    });
  }

  private learn({ written, posts, bytes }: Sent, latencyMs: number): void {
    const provenMs = written ? Math.min(latencyMs, surelyWaitedMs(written, loopMoment())) : 0;
    const { posts: outstanding } = this.outstanding;
    this.limit.confirmed(this.confirmedAt, { latencyMs, provenMs, outstanding, posts, bytes });
  }

  private countAccepted({ routingKey, posts }: OutgoingMessage): void {
    meters().postsAccepted.add(posts);
    if (posts > 0) this.acceptedOf.set(routingKey, (this.acceptedOf.get(routingKey) ?? 0) + posts);
  }

  private async setup(channel: ConfirmChannel): Promise<void> {
    // A returned message is confirmed as well, and its return comes first (RabbitMQ, "Publisher confirms").
    channel.on('return', (message) => this.outstanding.returned(String(message.properties.messageId)));
    await channel.checkExchange(EXCHANGE.posts);
    this.ready = true;
  }

  private lost(): void {
    this.ready = false;
    this.outstanding.abandon(new PublishError(NOT_PUBLISHED.lost));
  }
}

function bodyOf({ body, bodyBelow }: OutgoingMessage, span: Span | undefined): Buffer {
  const traceparent = span && bodyBelow ? traceparentOf(span) : undefined;
  return traceparent !== undefined && bodyBelow ? bodyBelow(traceparent) : body;
}

/** What the broker's answer means, or null when the message is safe. */
function failureOf(entry: Sent, error: unknown): PublishError | null {
  if (error) {
    const nacked = error instanceof Error && error.message === 'message nacked';
    return new PublishError(nacked ? NOT_PUBLISHED.rejected : NOT_PUBLISHED.lost);
  }
  return entry.returned ? new PublishError(NOT_PUBLISHED.unroutable) : null;
}
