import type { Logger } from '@spillway/telemetry';

/** What the reader tells operators, one function an event. */
export class Events {
  constructor(private readonly logger: Logger) {}

  started(address: string): void {
    this.logger.info({ address }, 'reader started');
  }

  streamFailed(error: unknown): void {
    this.logger.error({ err: error }, 'an event stream broke off: its client goes on with another one');
  }
}
