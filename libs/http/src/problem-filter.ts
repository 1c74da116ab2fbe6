import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@spillway/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemResponse } from './problem-response.js';
import type { RouteTable } from './route-table.js';
import { wireErrorOf, type WireError } from './wire-error.js';

const UNEXPECTED: WireError = {
  code: 'internal_error',
  detail: 'Something failed here that should not. It was logged with this requestId.',
};

/** Answers every error with problem details. What nobody meant to be seen is logged and answered as 500. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: RouteTable,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const wire = this.wireError(error, request);
    if (reply.sent || reply.raw.headersSent) return;
    const { status, headers, body } = problemResponse(wire, request.id);
    void reply.code(status).headers(headers).send(body);
  }

  private wireError(error: unknown, request: FastifyRequest): WireError {
    const wire = isUnrouted(error, request)
      ? this.routes.unrouted(request.method, request.url)
      : wireErrorOf(error);
    if (wire) return wire;
    const route = request.routeOptions.url ?? 'none';
    this.logger.error(
      { err: error, requestId: request.id, method: request.method, route },
      'request failed unexpectedly',
    );
    return UNEXPECTED;
  }
}

/** Nest's own answer to a request without a route, and nothing that a handler threw with a purpose. */
const isUnrouted = (error: unknown, request: FastifyRequest): boolean =>
  request.is404 && error instanceof HttpException && error.getStatus() === 404;
