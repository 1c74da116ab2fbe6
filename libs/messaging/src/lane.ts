import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import type { Channel, ConsumeMessage } from 'amqplib';
import { processClock } from '@spillway/contracts/server';
import { BatchBuffer, type BatchLimits } from './batch-buffer.js';
import { BatchRunner, type BatchRunnerOptions, type BatchWork, type DeliveredBy } from './batch-runner.js';
import { isSuspect, readDelivery, type Delivery } from './batch.js';
import type { BrokerConnection } from './broker-connection.js';
import { Consumer } from './consumer.js';
import { SupervisedChannel } from './supervised-channel.js';

export interface LaneOptions extends BatchRunnerOptions {
  readonly limits: BatchLimits;
  /** Messages the broker hands out ahead of their ack. */
  readonly prefetch: number;
}

export interface LaneContext extends BatchWork {
  readonly connection: BrokerConnection;
}

const PAUSE_MS = 5_000;

/** What belongs to one channel. */
interface Generation extends DeliveredBy {
  readonly buffer: BatchBuffer;
  readonly consumer: Consumer;
  alive: boolean;
  /** A suspect came while much was in hand: the channel is given up once the batch in flight is over. */
  narrowing: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One queue, consumed in batches on a channel of its own. One batch is in flight at a time, so that
 * acknowledging up to its last delivery acknowledges just that batch.
 */
export class Lane {
  private readonly channel: SupervisedChannel<Channel>;
  private readonly runner: BatchRunner;
  private generation: Generation | undefined;
  private running: Promise<void> | undefined;
  private stopping = false;

  constructor(
    private readonly options: LaneOptions,
    private readonly context: LaneContext,
  ) {
    this.runner = new BatchRunner(options, context);
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
    return this.runner.held;
  }

  /** Unix milliseconds at which the oldest command in hand was accepted, or undefined when none is. */
  get oldestAcceptedAt(): number | undefined {
    const inHand = [...this.runner.deliveries, ...(this.generation?.buffer.deliveries ?? [])];
    const times = inHand.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.as === 'valid' ? [entry.command.acceptedAt] : [])),
    );
    return times.length > 0 ? times.reduce((oldest, at) => Math.min(oldest, at)) : undefined;
  }

  /** Takes no more from the broker, ends what is in hand, and closes the channel. A held batch goes back. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.runner.stop();
    const generation = this.generation;
    if (generation?.alive) {
      await generation.consumer.cancel();
      this.pump(generation);
      while (this.running) await this.running;
    }
    await this.channel.close();
  }

  private async consume(channel: Channel): Promise<void> {
    const { queue, limits, prefetch } = this.options;
    const received = (message: ConsumeMessage | null): void => this.received(generation, message);
    const generation: Generation = {
      channel,
      more: (held) => this.more(generation, held),
      buffer: new BatchBuffer(limits),
      consumer: new Consumer(channel, { queue, prefetch, received }),
      alive: true,
      narrowing: false,
      timer: undefined,
    };
    this.generation = generation;
    await generation.consumer.start();
    this.context.logger.info({ queue }, 'consuming');
  }

  private received(generation: Generation, message: ConsumeMessage | null): void {
    if (message === null) {
      this.channel.replace('the broker cancelled the consumer');
      return;
    }
    // What is not taken here goes back to the broker together with the channel.
    if (!generation.alive || generation.narrowing) return;
    const delivery = readDelivery(message, processClock.now());
    if (!isSuspect(delivery)) generation.consumer.widen();
    else if (generation.consumer.wide) {
      this.narrow(generation);
      return;
    }
    generation.buffer.push(delivery);
    this.pump(generation);
  }

  /**
   * Gives back what is in hand, but for the batch in flight, and begins again with one message at a time.
   * The batch in flight is older than the suspect, so acknowledging up to its end leaves the suspect alone.
   */
  private narrow(generation: Generation): void {
    generation.narrowing = true;
    if (!this.running) this.channel.replace('a message came that may kill its writer');
  }

  /** What may join a batch of which `held` commands could not be sent round: a suspect may not. */
  private more({ buffer, narrowing }: Generation, held: number): readonly Delivery[] {
    const first = buffer.deliveries[0];
    if (narrowing || !first || isSuspect(first) || held >= this.options.limits.maxCommands) return [];
    return buffer.take();
  }

  /** Starts the next batch when none is in flight and one is due; else arms the timer for its age. */
  private pump(generation: Generation): void {
    if (this.running || !generation.alive || generation.narrowing || generation.buffer.size === 0) return;
    const now = processClock.now();
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
      .with(ROOT_CONTEXT, () => this.runner.run(generation, generation.buffer.take(), trigger))
      .then((end) => {
        if (end === 'given-up' && generation.alive)
          this.channel.replace('a batch could not be committed', PAUSE_MS);
      })
      .catch((error: unknown) => {
        this.context.logger.error(
          { err: error, queue: this.options.queue },
          'a batch failed and goes back to the broker',
        );
        if (generation.alive) this.channel.replace('a batch failed', PAUSE_MS);
      })
      .finally(() => {
        this.running = undefined;
        // The present one, which may have been filled while a batch of the one before was still in flight.
        if (this.generation?.narrowing) this.narrow(this.generation);
        else if (this.generation) this.pump(this.generation);
      });
  }

  /** The channel is gone: what it delivered comes again, so it is forgotten here. */
  private lost(channel: Channel): void {
    const generation = this.generation;
    if (generation?.channel !== channel) return;
    generation.alive = false;
    clearTimeout(generation.timer);
    this.generation = undefined;
    this.runner.forget();
  }
}
