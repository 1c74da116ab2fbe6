import type { FastifyReply } from 'fastify';
import type { Answer } from '@spillway/database/read';

/** Tells the client where its answer came from and how old it may be. */
export function describeAnswer(reply: FastifyReply, answer: Answer<unknown>): void {
  void reply.headers({
    'Served-By': answer.servedBy,
    'Replica-Lag': String(Math.round(answer.lagMs)),
    ...(answer.stale ? { 'Replica-Stale': 'true' } : {}),
    'Cache-Control': 'private, no-cache',
  });
}
