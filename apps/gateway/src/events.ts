import type { Logger } from '@spillway/telemetry';

/** What the gateway tells operators, one function an event. */
export class Events {
  constructor(private readonly logger: Logger) {}

  started(address: string): void {
    this.logger.info({ address }, 'gateway started');
  }

  clockIsOff(offsetMs: number): void {
    this.logger.error(
      { offsetMs },
      'the clock is off: ids of posts carry the wrong time; check time synchronisation',
    );
  }
}
