import type { ChannelModel } from 'amqplib';
import type { Probe } from '@spillway/health';
import type { Logger } from '@spillway/telemetry';
import type { BrokerConnection } from './broker-connection.js';
import type { Topology } from './topology.js';

const EVERY_MS = 5_000;

/**
 * Looks, without declaring anything, whether the exchanges and queues are there. A process whose
 * topology is not complete is not ready: its posts would be refused as unroutable.
 */
export class TopologyWatch {
  private missing: string | undefined = 'not looked at yet';
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly topology: Topology,
    private readonly logger: Logger,
  ) {
    this.unsubscribe = connection.onConnected(() => void this.look());
  }

  readonly probe: Probe = {
    name: 'topology',
    required: true,
    check: () => (this.missing === undefined ? { up: true } : { up: false, detail: this.missing }),
  };

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unsubscribe();
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    const model = this.connection.current;
    // Without a connection the broker's own probe says so; what was known of the topology stands.
    if (!model) return;
    const missing = await firstMissing(model, this.topology);
    if (missing !== undefined && missing !== this.missing) {
      this.logger.error({ missing }, 'the topology is not complete: run the topology command');
    }
    this.missing = missing;
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), EVERY_MS);
  }
}

/** The first exchange or queue that is not there. A failed passive declaration closes its channel. */
async function firstMissing(model: ChannelModel, topology: Topology): Promise<string | undefined> {
  let looking = 'a channel';
  try {
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    for (const { name } of topology.exchanges) {
      looking = `exchange ${name}`;
      await channel.checkExchange(name);
    }
    for (const { name } of topology.queues) {
      looking = `queue ${name}`;
      await channel.checkQueue(name);
    }
    await channel.close();
    return undefined;
  } catch (error) {
    return `${looking}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
