import type { Channel, ConsumeMessage } from 'amqplib';

export interface ConsumerOptions {
  readonly queue: string;
  /** Messages the broker hands out ahead of their ack, once wide. */
  readonly prefetch: number;
  readonly received: (message: ConsumeMessage | null) => void;
}

const NARROW_PREFETCH = 1;

/**
 * The subscription of one channel to one queue. It starts narrow, with one message at a time: a crash counts
 * as a delivery for every message that was handed out, so one that kills its consumer must be alone in hand.
 */
export class Consumer {
  private tag = '';
  private isWide = false;
  private cancelled = false;
  private changing: Promise<void> | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly options: ConsumerOptions,
  ) {}

  /** False while it takes one message at a time. */
  get wide(): boolean {
    return this.isWide;
  }

  async start(): Promise<void> {
    await this.subscribe(NARROW_PREFETCH);
  }

  /** Takes the whole prefetch from now on. A prefetch holds for new subscriptions only, so it subscribes again. */
  widen(): void {
    if (this.isWide || this.cancelled) return;
    this.isWide = true;
    // A failure means that the channel is gone, and it is replaced by whoever watches it.
    this.changing = this.resubscribe()
      .catch(() => undefined)
      .finally(() => (this.changing = undefined));
  }

  /** Takes no more. Resolves when nothing more will be received. */
  async cancel(): Promise<void> {
    this.cancelled = true;
    // At once where it can be, so that no ack sent after it makes room for one more.
    if (this.changing) await this.changing;
    await this.channel.cancel(this.tag).catch(() => undefined);
  }

  private async resubscribe(): Promise<void> {
    await this.channel.cancel(this.tag);
    if (!this.cancelled) await this.subscribe(this.options.prefetch);
  }

  private async subscribe(prefetch: number): Promise<void> {
    const { queue, received } = this.options;
    await this.channel.prefetch(prefetch, false);
    this.tag = (await this.channel.consume(queue, received, { noAck: false })).consumerTag;
  }
}
