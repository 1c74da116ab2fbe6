import { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { startRequestTrace, type RequestTrace } from '@spillway/telemetry';
import { acceptorsOf } from './acceptors.js';
import { drainConnections } from './drain-connections.js';
import { parseJsonBody } from './json-body.js';
import { requireJson } from './media-type.js';
import { ProblemError } from './problem-error.js';
import { problemResponse } from './problem-response.js';
import { sendReady, type Shortcut } from './ready-answer.js';
import { followRequest, type RequestLogOptions } from './request-log.js';
import type { RouteTable } from './route-table.js';
import { wireErrorOf } from './wire-error.js';

/** How long a stop goes on answering what was sent before the sender could know of it. */
const LINGER_MS = 250;

declare module 'fastify' {
  interface FastifyRequest {
    traced: RequestTrace | undefined;
  }
}

interface HookOptions extends RequestLogOptions {
  readonly routes: RouteTable;
  /** Milliseconds a whole request may take to arrive. */
  readonly requestTimeoutMs: number;
  readonly shortcut?: Shortcut | undefined;
}

/** What holds for every request, before Nest sees it. */
export function installHooks(fastify: FastifyInstance, options: HookOptions): void {
  let closing = false;
  let refusing = false;
  const drain = drainConnections(fastify.server, options.requestTimeoutMs);
  let drained = (): void => undefined;
  fastify.decorateRequest('traced', undefined);
  fastify.addHook('preClose', async () => {
    closing = true;
    const ended = acceptorsOf(fastify.server).close();
    if (!ended) return;
    await delay(LINGER_MS);
    refusing = true;
    drained = drain();
    fastify.server.closeIdleConnections();
    await ended;
  });
  fastify.addHook('onClose', (_instance, done) => {
    drained();
    done();
  });
  fastify.addHook('onRoute', (route) => {
    options.routes.add(route.url, [route.method].flat());
    const { bulkBody } = route.config ?? {};
    if (bulkBody) route.bodyLimit = bulkBody.maxBytes;
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const traced = startRequestTrace(request.raw);
    request.traced = traced;
    followRequest(request, reply.raw, options, traced);
    const ready = closing || hasBody(request) ? undefined : options.shortcut?.(request);
    if (ready) return sendReady(request, reply, ready);
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
    done(
      refusing
        ? new ProblemError('shutting_down', 'This instance is stopping. Nothing was done; send it again.')
        : undefined,
    );
  });
  // Not sooner: a body arrives outside of whatever its request began in.
  fastify.addHook('preHandler', ({ traced }, _reply, done) => {
    if (traced) context.with(traced.context, done);
    else done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, isBulk(request) ? body : parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addContentTypeParser('application/x-ndjson', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    try {
      requireJson(request.method, request.headers, () => isBulk(request));
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

const isBulk = (request: FastifyRequest): boolean => request.routeOptions.config.bulkBody !== undefined;

interface Bare {
  readonly id: string;
  readonly method: string;
}

/** Answers errors of the router, which come before any hook and know of no route. */
export const answerFrameworkError =
  (options: RequestLogOptions) =>
  (
    error: Error,
    { id, method }: Bare,
    { raw }: { readonly raw: ServerResponse | Http2ServerResponse },
  ): void => {
    if (!(raw instanceof ServerResponse)) return;
    followRequest({ id, method, is404: true }, raw, options);
    const wire = wireErrorOf(error) ?? {
      code: 'invalid_request' as const,
      detail: 'The address cannot be read.',
    };
    const { status, headers, body } = problemResponse(wire, id);
    raw.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    raw.end(body);
  };
