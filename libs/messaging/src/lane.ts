import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import type { Channel, ConsumeMessage } from 'amqplib';
import { meters, type Logger } from '@spillway/telemetry';
import { BatchBuffer, type BatchLimits } from './batch-buffer.js';
import { readDelivery, type Batch, type BatchEntry, type BatchTrigger, type Delivery } from './batch.js';
import type { BrokerConnection } from './broker-connection.js';
import type { Outcome } from './outcome.js';
import { PublishError } from './publish-error.js';
import { startProcessing } from './process-spans.js';
import type { RetryLater } from './retry-later.js';
import { settle, type Settlement } from './settle.js';
import { SupervisedChannel } from './supervised-channel.js';

export interface LaneOptions {
  readonly queue: string;
  readonly limits: BatchLimits;
  /** Messages the broker hands out ahead of their ack. */
  readonly prefetch: number;
}

export interface LaneContext {
  readonly connection: BrokerConnection;
  readonly logger: Logger;
  readonly handle: (batch: Batch) => Promise<readonly Outcome[]>;
  readonly retryLater: RetryLater;
}

/** After holding a batch this long the channel is closed, so that the broker keeps the messages. */
const HOLD_MAX_MS = 10 * 60_000;
const HOLD_PAUSE_MS = 5_000;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;

/** What belongs to one channel. A delivery is acked on the channel it came from or not at all. */
interface Generation {
  readonly channel: Channel;
  readonly buffer: BatchBuffer;
  consumerTag: string;
  alive: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One queue, consumed in batches on a channel of its own. One batch is in flight at a time, so that
 * acknowledging up to its last delivery acknowledges just that batch.
 */
export class Lane {
  private readonly channel: SupervisedChannel<Channel>;
  private generation: Generation | undefined;
  private running: Promise<void> | undefined;
  private inFlight: readonly Delivery[] = [];
  private stopping = false;
  private heldBecause: string | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly options: LaneOptions,
    private readonly context: LaneContext,
  ) {
    this.channel = new SupervisedChannel({
      connection: context.connection,
      logger: context.logger,
      open: (model) => model.createChannel(),
      setup: (channel) => this.consume(channel),
      lost: (channel) => this.lost(channel),
    });
  }

  /** True while the broker delivers to this lane. */
  get consuming(): boolean {
    return this.generation !== undefined;
  }

  /** Why a batch is being held, or undefined. */
  get held(): string | undefined {
    return this.heldBecause;
  }

  /** Unix milliseconds at which the oldest command in hand was accepted, or undefined when none is. */
  get oldestAcceptedAt(): number | undefined {
    const inHand = [...this.inFlight, ...(this.generation?.buffer.deliveries ?? [])];
    const times = inHand.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.as === 'valid' ? [entry.command.acceptedAt] : [])),
    );
    return times.length > 0 ? times.reduce((oldest, at) => Math.min(oldest, at)) : undefined;
  }

  /** Takes no more from the broker, ends what is in hand, and closes the channel. A held batch goes back. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake?.();
    const generation = this.generation;
    if (generation?.alive) {
      await generation.channel.cancel(generation.consumerTag).catch(() => undefined);
      this.pump(generation);
      while (this.running) await this.running;
    }
    await this.channel.close();
  }

  private async consume(channel: Channel): Promise<void> {
    const generation: Generation = {
      channel,
      buffer: new BatchBuffer(this.options.limits),
      consumerTag: '',
      alive: true,
      timer: undefined,
    };
    await channel.prefetch(this.options.prefetch, false);
    this.generation = generation;
    const { consumerTag } = await channel.consume(
      this.options.queue,
      (message) => this.received(generation, message),
      {
        noAck: false,
      },
    );
    generation.consumerTag = consumerTag;
    this.context.logger.info({ queue: this.options.queue }, 'consuming');
  }

  private received(generation: Generation, message: ConsumeMessage | null): void {
    if (message === null) {
      this.channel.replace('the broker cancelled the consumer');
      return;
    }
    if (!generation.alive) return;
    generation.buffer.push(readDelivery(message, Date.now()));
    this.pump(generation);
  }

  /** Starts the next batch when none is in flight and one is due; else arms the timer for its age. */
  private pump(generation: Generation): void {
    if (this.running || !generation.alive || generation.buffer.size === 0) return;
    const now = Date.now();
    const trigger = this.stopping ? 'stop' : generation.buffer.due(now);
    if (!trigger) {
      const age = now - (generation.buffer.oldest ?? now);
      generation.timer ??= setTimeout(
        () => {
          generation.timer = undefined;
          this.pump(generation);
        },
        Math.max(0, this.options.limits.maxAgeMs - age),
      );
      return;
    }
    clearTimeout(generation.timer);
    generation.timer = undefined;
    // Outside every request's context, or the batch's statements would hang below whichever came first.
    this.running = context
      .with(ROOT_CONTEXT, () => this.run(generation, generation.buffer.take(), trigger))
      .catch((error: unknown) => {
        this.context.logger.error(
          { err: error, queue: this.options.queue },
          'a batch failed and goes back to the broker',
        );
        if (generation.alive) this.channel.replace('a batch failed', HOLD_PAUSE_MS);
      })
      .finally(() => {
        this.running = undefined;
        // The present one, which may have been filled while a batch of the one before was still in flight.
        if (this.generation) this.pump(this.generation);
      });
  }

  private async run(
    generation: Generation,
    deliveries: readonly Delivery[],
    trigger: BatchTrigger,
  ): Promise<void> {
    const startedAt = Date.now();
    this.inFlight = deliveries;
    const processing = startProcessing(this.options.queue, deliveries, startedAt);
    meters().batchSize.record(processing.entries.length);
    try {
      for (let attempt = 1; generation.alive; attempt++) {
        const batch: Batch = { queue: this.options.queue, entries: processing.entries, trigger, attempt };
        const outcomes = await this.context.handle(batch);
        const settlement = settle(outcomes, processing.entries.length);
        if (await this.finish(generation, deliveries, processing.entries, settlement)) break;
        if (this.stopping || Date.now() - startedAt > HOLD_MAX_MS) {
          this.channel.replace('a batch could not be committed', HOLD_PAUSE_MS);
          break;
        }
        await this.pause(attempt);
      }
    } finally {
      this.inFlight = [];
      meters().batchFlushSeconds.record((Date.now() - startedAt) / 1000, { trigger });
      processing.end();
    }
  }

  /** Tells the broker; true when the batch is over. Acks only on the channel that delivered. */
  private async finish(
    generation: Generation,
    deliveries: readonly Delivery[],
    entries: readonly BatchEntry[],
    settlement: Settlement,
  ): Promise<boolean> {
    if (settlement.as === 'hold') {
      this.heldBecause = settlement.reason;
      return false;
    }
    try {
      await this.sendRound(entries, settlement.again);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      this.heldBecause = error.message;
      return false;
    }
    this.heldBecause = undefined;
    const last = deliveries.at(-1);
    if (generation.alive && last) generation.channel.ack(last.message, true);
    return true;
  }

  private async sendRound(entries: readonly BatchEntry[], places: readonly number[]): Promise<void> {
    const commands = places.flatMap((place) => {
      const decoded = entries[place]?.decoded;
      return decoded?.as === 'valid' ? [decoded.command] : [];
    });
    if (commands.length > 0) await this.context.retryLater(this.options.queue, commands);
  }

  private pause(attempt: number): Promise<void> {
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ceiling / 2 + (Math.random() * ceiling) / 2);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The channel is gone: what it delivered comes again, so it is forgotten here. */
  private lost(channel: Channel): void {
    const generation = this.generation;
    if (generation?.channel !== channel) return;
    generation.alive = false;
    clearTimeout(generation.timer);
    this.generation = undefined;
    this.heldBecause = undefined;
    this.wake?.();
  }
}
