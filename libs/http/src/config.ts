import { integer, oneOf, port, text, type ConfigSpec } from '@spillway/config';
import { LOG_LEVELS } from '@spillway/telemetry';

const HOUR_MS = 3_600_000;

/** Every process. */
export const processConfig = {
  instance: text('SERVICE_INSTANCE', { about: 'Name of this process among its like, such as gateway-1' }),
  adminHost: text('ADMIN_HOST', {
    about: 'Address of metrics and health for operators',
    fallback: '127.0.0.1',
  }),
  adminPort: port('ADMIN_PORT', { about: 'Port of metrics and health for operators' }),
  logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, { about: 'Least level that is logged', fallback: 'info' }),
  stopGraceMs: integer('STOP_GRACE_MS', 1, HOUR_MS, {
    about: 'Milliseconds a stop may take before it is cut short',
    fallback: '15000',
  }),
  stopDelayMs: integer('STOP_DELAY_MS', 0, HOUR_MS, {
    about: 'Milliseconds of serving on while not ready, for a load balancer to notice',
    fallback: '0',
  }),
} satisfies ConfigSpec;

/** A process with a public port. */
export const httpConfig = {
  ...processConfig,
  httpHost: text('HTTP_HOST', { about: 'Address of the public port', fallback: '127.0.0.1' }),
  httpPort: port('HTTP_PORT', { about: 'The public port' }),
} satisfies ConfigSpec;
