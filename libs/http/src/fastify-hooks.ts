import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';
import { requireJson } from './media-type.js';
import { ProblemError } from './problem-error.js';
import { problemResponse } from './problem-response.js';
import { followRequest, type RequestLogOptions } from './request-log.js';
import type { RouteTable } from './route-table.js';
import { wireErrorOf } from './wire-error.js';

interface HookOptions extends RequestLogOptions {
  readonly routes: RouteTable;
}

/** What holds for every request, before Nest sees it. */
export function installHooks(fastify: FastifyInstance, options: HookOptions): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  fastify.addHook('onRoute', ({ url, method }) => options.routes.add(url, [method].flat()));
  fastify.addHook('onRequest', (request, reply, done) => {
    followRequest(request, reply, options);
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
    done(closing ? new ProblemError('shutting_down', 'This instance is stopping. Nothing was done; send it again.') : undefined);
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    try {
      requireJson(request.headers);
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
}

interface RawReply {
  readonly raw: { writeHead(status: number, headers: Record<string, string>): unknown; end(body: string): unknown };
}

/** Answers errors of the router, which come before any hook. */
export function answerFrameworkError(error: Error, request: Pick<FastifyRequest, 'id'>, reply: RawReply): void {
  const wire = wireErrorOf(error) ?? { code: 'invalid_request' as const, detail: 'The address cannot be read.' };
  const { status, headers, body } = problemResponse(wire, request.id);
  reply.raw.writeHead(status, { ...headers });
  reply.raw.end(body);
}
