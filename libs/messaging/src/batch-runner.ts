import type { Channel } from 'amqplib';
import type { Command } from '@spillway/contracts';
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
  /** Takes what else it delivered, for one batch at most; nothing while `held` commands are many. */
  more(held: number): readonly Delivery[];
}

/** A delivery with those of its commands that have not ended. */
interface Part {
  readonly delivery: Delivery;
  readonly entries: readonly BatchEntry[];
}

/** What of a batch has not ended: none of it is known to be recorded, or only what came early is left. */
interface Left {
  readonly as: 'held' | 'early';
  readonly parts: readonly Part[];
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
    const ends: (() => void)[] = [];
    let left: Left = { as: 'held', parts: this.begin(deliveries, ends) };
    let splits = trigger === 'alone' && this.options.splitsSuspects && entriesOf(left.parts).length > 1;
    try {
      for (let attempt = 1, pauses = 0; by.alive; attempt++) {
        const apart = splits ? await this.split(by, deliveries) : 'whole';
        splits = apart !== 'whole';
        if (apart === true) return 'over';
        if (apart === 'whole') left = await this.settle(by, left.parts, trigger, attempt);
        if (left.parts.length === 0) return 'over';
        if (this.stopping || processClock.now() - startedAt > HOLD_MAX_MS) return 'given-up';
        const more = left.as === 'early' && trigger !== 'alone' ? by.more(entriesOf(left.parts).length) : [];
        if (more.length > 0) left = { as: 'held', parts: [...left.parts, ...this.begin(more, ends)] };
        pauses = more.length > 0 ? 0 : pauses + 1;
        this.inFlight = left.parts.map(({ delivery }) => delivery);
        if (pauses > 0) await this.pause(pauses);
      }
      return 'over';
    } finally {
      this.inFlight = [];
      // The handler may answer after its channel was lost, and say that it cannot.
      if (!by.alive) this.heldBecause = undefined;
      meters().batchFlushSeconds.record((processClock.now() - startedAt) / 1000, { trigger });
      for (const end of ends) end();
    }
  }

  private begin(deliveries: readonly Delivery[], ends: (() => void)[]): Part[] {
    const { entries, end } = startProcessing(this.options.queue, deliveries, processClock.now());
    ends.push(end);
    this.inFlight = [...this.inFlight, ...deliveries];
    meters().batchSize.record(entries.length);
    let at = 0;
    return deliveries.map((delivery) => ({
      delivery,
      entries: entries.slice(at, (at += delivery.entries.length)),
    }));
  }

  /** Hands the batch over and tells the broker; returns what has not ended. */
  private async settle(
    by: DeliveredBy,
    parts: readonly Part[],
    trigger: BatchTrigger,
    attempt: number,
  ): Promise<Left> {
    const entries = entriesOf(parts);
    const batch: Batch = { queue: this.options.queue, entries, trigger, attempt };
    const settlement = settle(await this.work.handle(batch), entries.length);
    if (settlement.as === 'hold') {
      this.heldBecause = settlement.reason;
      return { as: 'held', parts };
    }
    const deliveries = parts.map(({ delivery }) => delivery);
    const early = new Set(settlement.again.flatMap((place) => entries[place] ?? []));
    const over = await this.ackAfter(by, deliveries, () => this.sendRound(early));
    return { as: 'early', parts: over ? [] : this.ackEnded(by, parts, early) };
  }

  /**
   * Acks the deliveries of which every command is recorded or sent round, each by itself; returns the rest of
   * the others.
   */
  private ackEnded(by: DeliveredBy, parts: readonly Part[], early: ReadonlySet<BatchEntry>): Part[] {
    return parts.flatMap(({ delivery, entries: own }) => {
      const rest = own.filter((entry) => early.has(entry));
      if (rest.length > 0) return [{ delivery, entries: rest }];
      if (by.alive) by.channel.ack(delivery.message);
      return [];
    });
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

  /** Sends early commands round; those that the broker has safe are taken out of `early`. */
  private async sendRound(early: Set<BatchEntry>): Promise<void> {
    const entryOf = new Map<Command, BatchEntry>();
    for (const entry of early) if (entry.decoded.as === 'valid') entryOf.set(entry.decoded.command, entry);
    if (entryOf.size === 0) return;
    await this.work.retryLater(this.options.queue, [...entryOf.keys()], (commands) => {
      for (const command of commands) {
        const entry = entryOf.get(command);
        if (entry) early.delete(entry);
      }
    });
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

const entriesOf = (parts: readonly Part[]): readonly BatchEntry[] => parts.flatMap(({ entries }) => entries);
