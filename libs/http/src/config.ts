import { integer, oneOf, parsed, port, text, type ConfigSpec } from '@spillway/config';
import { LOG_LEVELS } from '@spillway/telemetry';
import { parseProxies } from './client-address.js';

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
  httpMaxConnections: integer('HTTP_MAX_CONNECTIONS', 1, 1_000_000, {
    about: 'Sockets on the public port, about; more are closed as they come',
    fallback: '4096',
  }),
  httpMaxRequests: integer('HTTP_MAX_REQUESTS', 1, 1_000_000, {
    about: 'Requests in hand at once; more are refused with 503 before their body is read',
    fallback: '2000',
  }),
  httpMaxBusy: integer('HTTP_MAX_BUSY', 1, 1_000_000, {
    about: 'Requests being worked on at once, those not counted that wait on purpose; more get 503 at once',
    fallback: '2000',
  }),
  httpMaxBodyBytes: integer('HTTP_MAX_BODY_BYTES', 65_536, 17_179_869_184, {
    about: 'Bytes of bodies in hand at once; more are refused with 503 before they are read',
    fallback: '67108864',
  }),
  httpMaxFailures: integer('HTTP_MAX_FAILURES', 0, 1_000_000_000, {
    about: '401 answers to one address in 10 s, after which it is answered 429; 0 means no limit',
    fallback: '300',
  }),
  httpTrustedProxies: parsed(
    'HTTP_TRUSTED_PROXIES',
    {
      about: 'Addresses and networks of the edge, whose X-Forwarded-For is believed, comma-separated',
      fallback: '127.0.0.1,::1',
    },
    parseProxies,
  ),
} satisfies ConfigSpec;
