import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '@spillway/database/read';
import { requestSpan } from '@spillway/telemetry';

/** What an answer says of where it came from. */
export interface Served {
  readonly servedBy: string;
  /** Milliseconds; undefined for one from the cache. */
  readonly lagMs?: number | undefined;
}

/** Tells the request's span, when it is sampled, where its answer came from and how far behind that was. */
export function traceAnswer({ raw }: FastifyRequest, { servedBy, lagMs }: Served): void {
  const span = requestSpan(raw);
  span?.setAttribute('app.served_by', servedBy);
  if (span && lagMs !== undefined) span.setAttribute('app.replica_lag_ms', Math.round(lagMs));
}

/** Tells the client where its answer came from and how old it may be. */
export function describeAnswer(reply: FastifyReply, answer: Answer<unknown>): void {
  traceAnswer(reply.request, answer);
  void reply.headers({
    'Served-By': answer.servedBy,
    'Replica-Lag': String(Math.round(answer.lagMs)),
    ...(answer.stale ? { 'Replica-Stale': 'true' } : {}),
    'Cache-Control': 'private, no-cache',
  });
}
