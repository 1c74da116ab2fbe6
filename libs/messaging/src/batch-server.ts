import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { Logger } from '@spillway/telemetry';
import type { Batch } from './batch.js';
import type { BrokerConnection } from './broker-connection.js';
import { Lane, type LaneOptions } from './lane.js';
import type { Outcome } from './outcome.js';
import type { RetryLater } from './retry-later.js';
import type { SplitUp } from './split-up.js';

/** A lane with the Nest message pattern of the handler that takes its batches. */
export interface LaneBinding extends LaneOptions {
  readonly pattern: string;
}

export interface BatchServerOptions {
  readonly connection: BrokerConnection;
  readonly logger: Logger;
  readonly lanes: readonly LaneBinding[];
  /** Where edits and deletions go that came before their post. */
  readonly retryLater: RetryLater;
  /** How the commands of a message that may kill its writer are told apart. */
  readonly splitUp: SplitUp;
}

/**
 * A Nest transport that delivers batches. Nest's own RabbitMQ server hands out one message at a time,
 * acknowledges on receipt by default, leaks prefetch slots when a handler throws, and goes silent when
 * the broker cancels its consumer.
 */
export class BatchServer extends Server implements CustomTransportStrategy {
  private running: Lane[] = [];

  constructor(private readonly options: BatchServerOptions) {
    super();
  }

  /** @throws Error when a lane has no handler: a writer that could not do its work must not start. */
  listen(callback: () => void): void {
    this.running = this.options.lanes.map((lane) => {
      const handler = this.getHandlerByPattern(lane.pattern);
      if (!handler)
        throw new Error(`no handler takes ${lane.pattern}, so ${lane.queue} would never be written`);
      const handle = async (batch: Batch): Promise<readonly Outcome[]> =>
        lastValueFrom(this.transformToObservable(await (handler(batch) as Promise<readonly Outcome[]>)), {
          defaultValue: [],
        });
      return new Lane(lane, {
        connection: this.options.connection,
        logger: this.options.logger,
        handle,
        retryLater: this.options.retryLater,
        splitUp: this.options.splitUp,
      });
    });
    callback();
  }

  /** Ends what is in hand, then closes the channels. The connection belongs to whoever opened it. */
  async close(): Promise<void> {
    await Promise.all(this.running.map((lane) => lane.stop()));
  }

  /** True when the broker delivers to every lane. */
  get consuming(): boolean {
    return this.running.length > 0 && this.running.every((lane) => lane.consuming);
  }

  /** Why batches are being held, or undefined. */
  get held(): string | undefined {
    return this.running.map((lane) => lane.held).find((reason) => reason !== undefined);
  }

  /** Unix milliseconds at which the oldest command in hand was accepted, or undefined when none is. */
  get oldestAcceptedAt(): number | undefined {
    const times = this.running.flatMap(({ oldestAcceptedAt }) => oldestAcceptedAt ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  on(): never {
    throw new Error('BatchServer emits no events');
  }

  unwrap<T>(): T {
    throw new Error('BatchServer has no underlying client to hand out');
  }
}
