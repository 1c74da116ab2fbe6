import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from '@spillway/telemetry';
import type { BrokerConnection } from './broker-connection.js';

export interface SupervisedChannelOptions<C extends Channel> {
  readonly connection: BrokerConnection;
  readonly logger: Logger;
  readonly open: (model: ChannelModel) => Promise<C>;
  /** Prepares a fresh channel. A failure closes it, and it is tried again. */
  readonly setup: (channel: C) => Promise<void>;
  /** The channel is gone: with its connection, by the broker, or by `replace`. */
  readonly lost: (channel: C, reason: string) => void;
}

const REOPEN_MS = 200;

/**
 * Keeps one channel open for as long as there is a connection. A channel that the broker closes
 * (404, 406) is opened again alone: the connection and its other channels go on.
 */
export class SupervisedChannel<C extends Channel> {
  private channel: C | undefined;
  private opening = false;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly unsubscribe: () => void;

  constructor(private readonly options: SupervisedChannelOptions<C>) {
    this.unsubscribe = options.connection.onConnected(() => void this.reopen());
  }

  get current(): C | undefined {
    return this.channel;
  }

  /** Gives the present channel up and opens another after `afterMs`. */
  replace(reason: string, afterMs = REOPEN_MS): void {
    const channel = this.channel;
    if (!channel) return;
    this.drop(channel, reason, afterMs);
    void channel.close().catch(() => undefined);
  }

  /**
   * Closes for good. The broker has processed every ack sent before when this resolves. A channel that is just
   * being opened is closed as soon as it is.
   */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.unsubscribe();
    const channel = this.channel;
    this.channel = undefined;
    await channel?.close().catch(() => undefined);
  }

  private async reopen(): Promise<void> {
    const model = this.options.connection.current;
    if (!model || this.closed || this.opening || this.channel) return;
    this.opening = true;
    try {
      const channel = await this.options.open(model);
      if (this.isClosed()) {
        await channel.close();
        return;
      }
      channel.on('error', (error: Error) =>
        this.options.logger.warn({ reason: error.message }, 'broker closed a channel with an error'),
      );
      channel.on('close', () => this.drop(channel, 'channel closed', REOPEN_MS));
      this.channel = channel;
      await this.options.setup(channel);
    } catch (error) {
      if (this.isClosed()) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.options.logger.warn({ reason }, 'a channel could not be set up, trying again');
      this.replace(reason);
      this.schedule(REOPEN_MS * 5);
    } finally {
      this.opening = false;
    }
  }

  /** Asked after a wait, in which `close` may have been called. */
  private isClosed(): boolean {
    return this.closed;
  }

  private drop(channel: C, reason: string, reopenMs: number): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    this.options.lost(channel, reason);
    this.schedule(reopenMs);
  }

  private schedule(afterMs: number): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.reopen(), afterMs + Math.random() * REOPEN_MS);
  }
}
