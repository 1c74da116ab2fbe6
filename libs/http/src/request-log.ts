import { hash } from 'node:crypto';
import { meters, type Logger } from '@spillway/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';

const SLOW_MS = 1000;
/** The client went away before the answer was sent (nginx' convention). */
const CLIENT_GONE = 499;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What libs/auth leaves on an authenticated request. */
interface WithPrincipal {
  readonly principal?: { readonly tenant: string; readonly sub: string };
}

export interface RequestLogOptions {
  readonly logger: Logger;
  /** Part of fast successes that is logged, 0 to 1. */
  readonly successLogRatio: number;
}

/** Called when a request arrives: at its end it is measured, and logged when it failed, was slow or was drawn. */
export function followRequest(request: FastifyRequest, reply: FastifyReply, options: RequestLogOptions): void {
  const startedAt = performance.now();
  reply.raw.once('close', () => {
    const latencyMs = performance.now() - startedAt;
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const status = reply.raw.writableFinished ? reply.raw.statusCode : CLIENT_GONE;
    const method = METHODS.includes(request.method) ? request.method : 'OTHER';
    meters().httpServerRequestDuration.record(latencyMs / 1000, { route, method, status });
    log(request, options, { method, route, status, latencyMs: Math.round(latencyMs * 10) / 10 });
  });
}

interface Outcome {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly latencyMs: number;
}

function log(request: FastifyRequest & WithPrincipal, { logger, successLogRatio }: RequestLogOptions, outcome: Outcome): void {
  const { status, latencyMs } = outcome;
  if (status < 400 && latencyMs <= SLOW_MS && Math.random() >= successLogRatio) return;
  const { principal } = request;
  const line = {
    requestId: request.id,
    ...(principal ? { tenant: principal.tenant, sub: hashed(principal.sub) } : {}),
    ...outcome,
  };
  if (status >= 500) logger.error(line, 'request failed');
  else if (latencyMs > SLOW_MS) logger.warn(line, 'request was slow');
  else logger.info(line, status >= 400 ? 'request refused' : 'request');
}

/** Lines of one person can be told together, without saying who it is. */
const hashed = (sub: string): string => hash('sha256', sub, 'hex').slice(0, 16);
