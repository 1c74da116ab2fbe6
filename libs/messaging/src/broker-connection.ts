import { connect, type AmqpConnectionManager } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';
import type { Logger } from '@spillway/telemetry';

export interface BrokerConnectionOptions {
  /** Tried in turn; credentials inside, so never logged. */
  readonly urls: readonly string[];
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly logger: Logger;
}

type Listener = (model: ChannelModel) => void;

/**
 * One connection that comes back by itself. Channels are opened by `SupervisedChannel`; the connection
 * manager's own channel wrappers queue without bound and are not used.
 */
export class BrokerConnection {
  private model: ChannelModel | undefined;
  private blockedReason: string | undefined;
  private closed = false;
  private readonly listeners = new Set<Listener>();

  private constructor(private readonly manager: AmqpConnectionManager) {}

  /** Starts connecting and returns at once; a broker that is away is tried again every second. */
  static open({ urls, name, logger }: BrokerConnectionOptions): BrokerConnection {
    const manager = connect([...urls], {
      heartbeatIntervalInSeconds: 10,
      reconnectTimeInSeconds: 1,
      // amqplib leaves Nagle's algorithm on: a lone confirm then takes 40 ms. Without a timeout a host
      // that accepts TCP and says nothing would stop the search for ever.
      connectionOptions: {
        noDelay: true,
        keepAlive: true,
        timeout: 5_000,
        clientProperties: { connection_name: name },
      },
    });
    const connection = new BrokerConnection(manager);
    manager.on('connect', () => {
      logger.info({ connection: name }, 'broker connected');
      connection.connected();
    });
    manager.on('connectFailed', ({ err }) => {
      logger.warn({ connection: name, reason: err.message }, 'broker not reachable, trying again');
    });
    manager.on('disconnect', ({ err }) => {
      logger.warn({ connection: name, reason: err.message }, 'broker connection lost');
      connection.model = undefined;
      connection.blockedReason = undefined;
    });
    manager.on('blocked', ({ reason }) => {
      logger.warn({ connection: name, reason }, 'broker blocks publishers');
      connection.blockedReason = reason;
    });
    manager.on('unblocked', () => {
      logger.info({ connection: name }, 'broker accepts publishers again');
      connection.blockedReason = undefined;
    });
    return connection;
  }

  /** The open connection, or undefined while there is none. */
  get current(): ChannelModel | undefined {
    return this.model;
  }

  get blocked(): boolean {
    return this.blockedReason !== undefined;
  }

  /** Calls back on every (re)connection, and at once when connected. Returns how to stop that. */
  onConnected(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.model) listener(this.model);
    return () => this.listeners.delete(listener);
  }

  /** Closes for good. Channels that are still open close with it, and none is opened again. */
  async close(): Promise<void> {
    this.closed = true;
    this.model = undefined;
    this.listeners.clear();
    await this.manager.close();
  }

  private connected(): void {
    if (this.closed) return;
    this.model = this.manager.connection;
    if (this.model) for (const listener of this.listeners) listener(this.model);
  }
}
