import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { logError } from './log-error.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON line per call. An error belongs under the key `err`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
  /** Calls back when everything logged so far is written. */
  flush?(done: () => void): void;
}

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  readonly level: LogLevel;
}

const SECRETS = ['authorization', 'cookie', 'set-cookie', 'token', 'password'];
const REDACTED = SECRETS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.headers["${key}"]`]);
/** Bytes kept for a reader of stdout that does not read; beyond, lines are dropped instead of stalling posts. */
const BACKLOG_BYTES = 4 * 1024 * 1024;

/** A line is written at once; without a minimum `flush` would call back before what is being written is out. */
const FLUSHABLE_BYTES = 1;

/** A logger on stdout, or on `to`. Trace ids come from the active span when the SDK runs. */
export function createLogger(options: LoggerOptions, to?: DestinationStream): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service, instance: options.instance },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => logError(error) },
      redact: { paths: REDACTED, censor: '***' },
    },
    to ?? destination({ dest: 1, sync: false, minLength: FLUSHABLE_BYTES, maxLength: BACKLOG_BYTES }),
  );
}
