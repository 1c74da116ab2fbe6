import type { FastifyReply, FastifyRequest } from 'fastify';

/** An answer that was made before, and needs nothing but to be sent. */
export interface ReadyAnswer {
  readonly status: number;
  /** Names and values in turn, with all that routes say besides: `Vary`, `Content-Length` of a body. */
  readonly headers: readonly string[];
  /**
   * Its bytes, one a character (`latin1`), '' for none: Node copies such a text into the socket with the headers, where it
   * would look at each character of another.
   */
  readonly body: string;
}

/**
 * Asked for every request without a body before its route is entered, so before guards and pipes of Nest: who answers here
 * has verified the caller. Limits, trace, metric and log line are those of any request. Undefined leaves it to the route.
 */
export type Shortcut = (request: FastifyRequest) => ReadyAnswer | undefined;

export function sendReady(
  { id }: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: ReadyAnswer,
): void {
  reply.hijack();
  reply.raw.writeHead(status, [...headers, 'x-request-id', id, 'x-content-type-options', 'nosniff']);
  reply.raw.end(body, 'latin1');
}
