import type { Channel } from 'amqplib';
import { processClock } from '@spillway/contracts/server';
import { meters, type Logger } from '@spillway/telemetry';
import type { Batch, BatchEntry, BatchTrigger, Delivery } from './batch.js';
import type { Outcome } from './outcome.js';
import { startProcessing } from './process-spans.js';
import { PublishError, type PublishFailure } from './publish-error.js';
import type { RetryLater } from './retry-later.js';
import { settle } from './settle.js';
import type { SplitUp } from './split-up.js';

/** What becomes of a batch. */
export interface BatchWork {
  readonly logger: Logger;
  readonly handle: (batch: Batch) => Promise<readonly Outcome[]>;
  readonly retryLater: RetryLater;
  readonly splitUp: SplitUp;
}

/** The channel that delivered a batch. A delivery is acked on the channel it came from or not at all. */
export interface DeliveredBy {
  readonly channel: Channel;
  /** False once the channel is gone. */
  readonly alive: boolean;
}

export interface BatchRunnerOptions {
  readonly queue: string;
  /** Whether a suspected message of several commands is sent again as messages of one. */
  readonly splitsSuspects: boolean;
}

/** `given-up`: it could not be committed for long, or not before the stop; its channel is to be closed. */
export type BatchEnd = 'over' | 'given-up';

/** After holding a batch this long it is given up, so that the broker keeps the messages. */
const HOLD_MAX_MS = 10 * 60_000;
/** The broker takes nothing more before something was taken from it: a queue is full, or memory or disk short. */
const RELIEF_FIRST: readonly PublishFailure[] = ['rejected', 'blocked'];
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;

/** Takes one batch at a time through its handler until it is settled. */
export class BatchRunner {
  private inFlight: readonly Delivery[] = [];
  private heldBecause: string | undefined;
  private stopping = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly options: BatchRunnerOptions,
    private readonly work: BatchWork,
  ) {}

  /** Why the batch is being held, or undefined. */
  get held(): string | undefined {
    return this.heldBecause;
  }

  /** The deliveries of the batch in flight. */
  get deliveries(): readonly Delivery[] {
    return this.inFlight;
  }

  /** Lets a held batch try once more, and then gives it up. */
  stop(): void {
    this.stopping = true;
    this.wake?.();
  }

  /** The channel is gone: a batch that is held will be delivered again. */
  forget(): void {
    this.heldBecause = undefined;
    this.wake?.();
  }

  /** Resolves when the batch is settled, or its channel gone, or it has been held for too long. */
  async run(by: DeliveredBy, deliveries: readonly Delivery[], trigger: BatchTrigger): Promise<BatchEnd> {
    const startedAt = processClock.now();
    const { queue, splitsSuspects } = this.options;
    this.inFlight = deliveries;
    const { entries, end } = startProcessing(queue, deliveries, startedAt);
    meters().batchSize.record(entries.length);
    let splits = trigger === 'alone' && splitsSuspects && entries.length > 1;
    try {
      for (let attempt = 1; by.alive; attempt++) {
        const apart = splits ? await this.split(by, deliveries) : 'whole';
        splits = apart !== 'whole';
        const over =
          apart === 'whole' ? await this.settle(by, deliveries, { queue, entries, trigger, attempt }) : apart;
        if (over) return 'over';
        if (this.stopping || processClock.now() - startedAt > HOLD_MAX_MS) return 'given-up';
        await this.pause(attempt);
      }
      return 'over';
    } finally {
      this.inFlight = [];
      // The handler may answer after its channel was lost, and say that it cannot.
      if (!by.alive) this.heldBecause = undefined;
      meters().batchFlushSeconds.record((processClock.now() - startedAt) / 1000, { trigger });
      end();
    }
  }

  /** Hands the batch over and tells the broker; true when it is over. */
  private async settle(by: DeliveredBy, deliveries: readonly Delivery[], batch: Batch): Promise<boolean> {
    const settlement = settle(await this.work.handle(batch), batch.entries.length);
    if (settlement.as === 'hold') {
      this.heldBecause = settlement.reason;
      return false;
    }
    return this.ackAfter(by, deliveries, () => this.sendRound(batch.entries, settlement.again));
  }

  /**
   * Sends the commands of suspected messages again, each alone; true when they are safe. `whole` when the
   * broker takes none before it was relieved of some: they are to be carried out as they came, since nothing
   * would be taken from the queue while they wait. Each is alone in hand.
   */
  private async split(by: DeliveredBy, deliveries: readonly Delivery[]): Promise<boolean | 'whole'> {
    const { queue } = this.options;
    this.work.logger.warn({ queue }, 'a message that may kill its writer is taken apart');
    let refused = false;
    const over = await this.ackAfter(by, deliveries, async () => {
      try {
        for (const delivery of deliveries) await this.work.splitUp(queue, delivery);
      } catch (error) {
        refused = error instanceof PublishError && RELIEF_FIRST.includes(error.failure);
        throw error;
      }
    });
    if (!refused) return over;
    this.work.logger.warn({ queue, reason: this.heldBecause }, 'it cannot be, and is carried out whole');
    this.heldBecause = undefined;
    return 'whole';
  }

  /** Acks once the broker has safe what is to be sent again; false when that cannot be done now. */
  private async ackAfter(
    by: DeliveredBy,
    deliveries: readonly Delivery[],
    sendAgain: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await sendAgain();
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      this.heldBecause = error.message;
      return false;
    }
    this.heldBecause = undefined;
    const last = deliveries.at(-1);
    if (by.alive && last) by.channel.ack(last.message, true);
    return true;
  }

  private async sendRound(entries: readonly BatchEntry[], places: readonly number[]): Promise<void> {
    const commands = places.flatMap((place) => {
      const decoded = entries[place]?.decoded;
      return decoded?.as === 'valid' ? [decoded.command] : [];
    });
    if (commands.length > 0) await this.work.retryLater(this.options.queue, commands);
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
}
