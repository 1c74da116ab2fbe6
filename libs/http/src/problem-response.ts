import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, problem, PROBLEM_MEDIA_TYPE } from '@spillway/contracts';
import type { WireError } from './wire-error.js';

/** How soon a refused request may be tried again when nothing better is known. */
const RETRY_AFTER_SECONDS = 2;

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The whole answer for an error: status, headers and a body of problem details. */
export function problemResponse(
  { code, detail, errors, retryAfterSeconds, headers }: WireError,
  requestId: string,
): ProblemResponse {
  const { status } = ERROR_CODES[code];
  const retryAfter = retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  return {
    status,
    headers: {
      ...headers,
      ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': 'no-store',
      vary: 'Authorization, Cookie',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    },
    body: JSON.stringify(problem(code, detail, requestId, errors)),
  };
}

/** Sends an error past Fastify and Nest, for refusals that must cost next to nothing. The body is not read. */
export function answerAtOnce({ id }: FastifyRequest, reply: FastifyReply, error: WireError): void {
  const { status, headers, body } = problemResponse(error, id);
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  reply.raw.end(body);
}
