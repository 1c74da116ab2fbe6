import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DynamicModule, Type } from '@nestjs/common';
import type { Logger } from '@spillway/telemetry';
import { answerClientError } from './client-error.js';
import { compileRules } from './compile-rules.js';
import { answerFrameworkError, installHooks } from './fastify-hooks.js';
import { nestLogger } from './nest-logger.js';
import { ProblemFilter } from './problem-filter.js';
import type { Shortcut } from './ready-answer.js';
import { requestIdOf } from './request-id.js';
import { installRequestLimits, type HttpLimits } from './request-limits.js';
import { RouteTable } from './route-table.js';
import { spreadOverTurns } from './spread-over-turns.js';
import { validationPipe } from './validation-pipe.js';

export interface HttpAppOptions {
  readonly logger: Logger;
  /** What the process holds at most; nothing is bounded when left out. */
  readonly limits?: HttpLimits;
  /** Largest body, 64 KiB when left out. */
  readonly bodyLimitBytes?: number;
  /** Milliseconds a whole request may take to arrive, 10 s when left out. */
  readonly requestTimeoutMs?: number;
  /** Part of fast successes that is logged, 0 to 1; a hundredth when left out. */
  readonly successLogRatio?: number;
  /** Answers what can be answered at once. */
  readonly shortcut?: Shortcut;
}

const SUCCESS_LOG_RATIO = 0.01;
const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5000;
const CHECKING_INTERVAL_MS = 1000;
/** Longer than the edge keeps an idle connection, so that it is the edge who closes it. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
const PARAM_LENGTH_MAX = 128;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * A Nest application on Fastify with our limits, problem details, validation, request ids, log and metric.
 * It is created and not yet listening: call `listen`, and `close` when stopping.
 * @throws Error when a rule of a body, query or address cannot be compiled.
 */
export async function createHttpApp(
  rootModule: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const { logger, successLogRatio = SUCCESS_LOG_RATIO } = options;
  const log = { logger, successLogRatio };
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const adapter = new FastifyAdapter({
    logger: false,
    // There is no Nest middleware, and each request would look for some.
    skipMiddie: true,
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, caseSensitive: true },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    requestIdHeader: false,
    genReqId: requestIdOf,
    frameworkErrors: answerFrameworkError(log),
    clientErrorHandler: answerClientError,
  });
  const routes = new RouteTable();
  spreadOverTurns(adapter.getInstance());
  // Before all that costs anything.
  if (options.limits) installRequestLimits(adapter.getInstance(), options.limits);
  const { shortcut } = options;
  installHooks(adapter.getInstance(), { ...log, routes, requestTimeoutMs: requestTimeout, shortcut });
  const app = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(logger, routes));
  app.useGlobalPipes(validationPipe());
  compileRules(app);
  return app;
}
