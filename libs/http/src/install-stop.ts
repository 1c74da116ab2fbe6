import { setTimeout as delay } from 'node:timers/promises';
import type { HealthRegistry } from '@spillway/health';
import { shutdownTelemetry, type Logger } from '@spillway/telemetry';

export interface StopOptions {
  readonly logger: Logger;
  /** Milliseconds that `stop` may take. */
  readonly graceMs: number;
  /** Milliseconds of serving on while not ready. */
  readonly delayMs: number;
  readonly health: HealthRegistry;
  /** Ends the work in order. It names each step, so that a stop that is cut short can say what was left. */
  readonly stop: (step: (name: string) => void) => Promise<void>;
}

/** How long an exit waits for a reader of the log. */
const FLUSH_MS = 1_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Stops the process in order on SIGTERM and SIGINT: not ready, wait, `stop` within its grace, flush
 * telemetry, exit 0; exit 1 when the grace was over or `stop` failed. A second signal exits at once, and so
 * does an error that nobody caught, which is logged.
 */
export function installStop(options: StopOptions): void {
  const { logger } = options;
  let stopping = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (stopping) {
        logger.warn({ signal }, 'second signal: exiting at once, unfinished work is left to be redelivered');
        void exit(logger, 1);
        return;
      }
      stopping = true;
      logger.info({ signal }, 'stopping');
      void stopInOrder(options).then((code) => exit(logger, code));
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.error({ err: error, event }, 'an error nobody caught: exiting');
      void exit(logger, 1);
    });
  }
}

/** Lines are written in the background: the last ones are waited for, but not for ever. */
async function exit(logger: Logger, code: number): Promise<void> {
  const written = new Promise<void>((resolve) => (logger.flush ? logger.flush(resolve) : resolve()));
  await Promise.race([written, delay(FLUSH_MS)]);
  process.exit(code);
}

async function stopInOrder({ logger, graceMs, delayMs, health, stop }: StopOptions): Promise<0 | 1> {
  health.startDraining();
  await delay(delayMs);
  let unfinished = 'stop';
  const late = Symbol('late');
  try {
    const outcome = await Promise.race([
      stop((name) => (unfinished = name)),
      delay(graceMs, late, { ref: false }),
    ]);
    if (outcome === late)
      logger.error({ unfinished, graceMs }, 'the grace period is over: exiting with work unfinished');
    else logger.info({}, 'stopped');
    await shutdownTelemetry();
    return outcome === late ? 1 : 0;
  } catch (error) {
    logger.error({ err: error, unfinished }, 'stopping failed');
    await shutdownTelemetry();
    return 1;
  }
}
