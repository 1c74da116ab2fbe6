export { logError, reasonOf, type LoggedError } from './log-error.js';
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './logger.js';
export { meters, type Meters } from './meters.js';
export { metricsHandler } from './metrics-handler.js';
export { observe, type GaugeName, type Observation } from './observe.js';
export {
  requestSpan,
  sampledContext,
  startRequestTrace,
  type RequestEnd,
  type RequestTrace,
} from './request-trace.js';
export { shutdownTelemetry } from './shutdown-telemetry.js';
export { contextFromTraceparent, traceparentOf } from './traceparent.js';
export { tracer } from './tracer.js';
