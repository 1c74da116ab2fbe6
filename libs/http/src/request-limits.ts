import type { BlockList } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { processClock } from '@spillway/contracts/server';
import { meters } from '@spillway/telemetry';
import { clientAddress } from './client-address.js';
import { FailureLimit } from './failure-limit.js';
import { heldNow } from './hold-time.js';
import { onEnd } from './on-end.js';
import { ProblemError } from './problem-error.js';
import { answerAtOnce } from './problem-response.js';
import type { WireError } from './wire-error.js';

/** What one process holds at most. Found by these names in `httpConfig`. */
export interface HttpLimits {
  /** Sockets; more are closed as they come. */
  readonly httpMaxConnections: number;
  /** Requests that are not answered yet; more are refused before their body is read. */
  readonly httpMaxRequests: number;
  /**
   * Those of them whose body has come and that do not wait on purpose: what there is to do. More are refused
   * at the least cost there is.
   */
  readonly httpMaxBusy: number;
  /** Bytes of bodies of those requests, as announced. */
  readonly httpMaxBodyBytes: number;
  /** 401 answers to one address in 10 s, after which it is refused; 0 means no limit. */
  readonly httpMaxFailures: number;
  /** Peers whose `X-Forwarded-For` is believed. */
  readonly httpTrustedProxies: BlockList;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Its body has come, and it has not been answered. */
    isBusy: boolean;
  }
}

/** Refuses what is too much before anything is read or verified. */
export function installRequestLimits(fastify: FastifyInstance, limits: HttpLimits): void {
  const failures = new FailureLimit(limits.httpMaxFailures);
  let requests = 0;
  let busy = 0;
  let bytes = 0;
  fastify.decorateRequest('isBusy', false);
  fastify.server.maxConnections = limits.httpMaxConnections;
  fastify.addHook('onRequest', (request, reply, done) => {
    if (busy - heldNow() >= limits.httpMaxBusy) return shed(request, reply);
    if (!failures.idle) {
      const seconds = failures.refusedFor(
        clientAddress(request.raw, limits.httpTrustedProxies),
        processClock.now(),
      );
      if (seconds > 0) return done(tooManyFailures(seconds));
    }
    const size = announcedBytes(request);
    if (requests >= limits.httpMaxRequests || (size > 0 && bytes + size > limits.httpMaxBodyBytes))
      return done(overloaded());
    requests++;
    bytes += size;
    request.isBusy = false;
    onEnd(reply.raw, () => {
      requests--;
      bytes -= size;
      if (request.isBusy) busy--;
      if (reply.raw.statusCode === 401)
        failures.failed(clientAddress(request.raw, limits.httpTrustedProxies), processClock.now());
    });
    done();
  });
  fastify.addHook('preHandler', (request, _reply, done) => {
    busy++;
    request.isBusy = true;
    done();
  });
}

/** A body without an announced length may be as long as its route takes. */
function announcedBytes({ headers, routeOptions }: FastifyRequest): number {
  const most = routeOptions.bodyLimit ?? 0;
  if (headers['transfer-encoding'] !== undefined) return most;
  const length = Number(headers['content-length'] ?? 0);
  return length > 0 ? Math.min(length, most) : 0;
}

/** Beyond what the process can do in time every microsecond counts: no trace, no log line, no error to word. */
function shed(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'none';
  answerAtOnce(request, reply, BUSY);
  meters().httpServerRequestDuration.record(0, {
    route,
    method: request.method,
    status: reply.raw.statusCode,
  });
}

const BUSY: WireError = {
  code: 'overloaded',
  detail:
    'This instance has more to do than it can do in time. Nothing was done; send it again after Retry-After.',
  retryAfterSeconds: 1,
};

const tooManyFailures = (retryAfterSeconds: number): ProblemError =>
  new ProblemError(
    'too_many_failures',
    'Too many requests from this address had no valid token. Nothing was done.',
    {
      retryAfterSeconds,
    },
  );

const overloaded = (): ProblemError =>
  new ProblemError(
    'overloaded',
    'This instance has as many requests in hand as it can hold. Nothing was done.',
    {
      retryAfterSeconds: 1,
    },
  );
