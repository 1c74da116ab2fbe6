import type { Logger } from '@spillway/telemetry';

/** What the gateway tells operators, one function an event. */
export class Events {
  constructor(private readonly logger: Logger) {}

  started(address: string): void {
    this.logger.info({ address }, 'gateway started');
  }
}
