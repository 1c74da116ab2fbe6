import { hash } from 'node:crypto';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { meters, type Logger, type RequestTrace } from '@spillway/telemetry';
import { LinesPerSecond } from './lines-per-second.js';
import { heldMs } from './hold-time.js';
import { onEnd } from './on-end.js';

const SLOW_MS = 1000;
/** The client went away before the answer was sent (nginx' convention). */
const CLIENT_GONE = 499;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What is looked at of a request when it has ended. */
interface FollowedRequest {
  readonly id: string;
  readonly method: string;
  readonly is404: boolean;
  readonly routeOptions?: { readonly url?: string | undefined };
  /** Left by libs/auth on an authenticated request. */
  readonly principal?: { readonly tenant: string; readonly sub: string };
}

interface FollowedResponse {
  readonly statusCode: number;
  readonly writableFinished: boolean;
  once(event: 'close', listener: () => void): unknown;
}

export interface RequestLogOptions {
  readonly logger: Logger;
  /** Part of fast successes that is logged, 0 to 1. */
  readonly successLogRatio: number;
}

/**
 * Called when a request arrives: at its end its trace ends, and it is measured, without the time that it waited
 * on purpose, and logged when it failed, was slow or was drawn.
 */
export function followRequest(
  request: FollowedRequest,
  response: FollowedResponse,
  options: RequestLogOptions,
  traced?: RequestTrace,
): void {
  const startedAt = performance.now();
  onEnd(response, () => {
    const latencyMs = Math.max(0, performance.now() - startedAt - heldMs(request));
    const pattern = request.is404 ? undefined : request.routeOptions?.url;
    const route = pattern ?? 'none';
    const answered = response.writableFinished ? response.statusCode : undefined;
    const status = answered ?? CLIENT_GONE;
    const method = METHODS.includes(request.method) ? request.method : 'OTHER';
    meters().httpServerRequestDuration.record(latencyMs / 1000, { route, method, status });
    const outcome = { method, route, status, latencyMs: Math.round(latencyMs * 10) / 10 };
    if (isLogged(outcome, options))
      context.with(traced?.context ?? ROOT_CONTEXT, () => log(request, options, outcome));
    traced?.end({ route: pattern, status: answered });
  });
}

interface Outcome {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly latencyMs: number;
}

function isLogged({ status, latencyMs }: Outcome, { successLogRatio }: RequestLogOptions): boolean {
  if (REFUSALS.includes(status)) return refusals.next(performance.now());
  if (status < 400 && latencyMs > SLOW_MS && slow.next(performance.now())) return true;
  return status >= 400 || Math.random() < successLogRatio;
}

/** What there are many of just when there is no time to write lines. The metric has them all. */
const CROWD_LINES_PER_SECOND = 10;
const REFUSALS = [429, 503];
const refusals = new LinesPerSecond(CROWD_LINES_PER_SECOND);
const slow = new LinesPerSecond(CROWD_LINES_PER_SECOND);

function log(request: FollowedRequest, { logger }: RequestLogOptions, outcome: Outcome): void {
  const { status, latencyMs } = outcome;
  const { principal } = request;
  const line = {
    requestId: request.id,
    ...(principal ? { tenant: principal.tenant, sub: hashed(principal.sub) } : {}),
    ...outcome,
  };
  if (status >= 500) logger.error(line, 'request failed');
  else if (latencyMs > SLOW_MS) logger.warn(line, 'request was slow');
  else logger.info(line, messageOf(status));
}

function messageOf(status: number): string {
  if (status === CLIENT_GONE) return 'request abandoned by its client';
  return status >= 400 ? 'request refused' : 'request';
}

/** Lines of one person can be told together, without saying who it is. */
const hashed = (sub: string): string => hash('sha256', sub, 'hex').slice(0, 16);
