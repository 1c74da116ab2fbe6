import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@spillway/telemetry';

/** Nest's own messages in our log. What it says while starting is only for debugging. */
export function nestLogger(logger: Logger): LoggerService {
  const contextOf = (rest: unknown[]) => ({
    context: rest.findLast((part) => typeof part === 'string') ?? 'nest',
  });
  const text = (message: unknown) => (message instanceof Error ? message.message : String(message));
  return {
    log: (message: unknown, ...rest: unknown[]) => logger.debug(contextOf(rest), text(message)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(contextOf(rest), text(message)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.debug(contextOf(rest), text(message)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(contextOf(rest), text(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      logger.error(
        { ...contextOf(rest), ...(message instanceof Error ? { err: message } : {}) },
        text(message),
      ),
    fatal: (message: unknown, ...rest: unknown[]) => logger.error(contextOf(rest), text(message)),
  };
}
