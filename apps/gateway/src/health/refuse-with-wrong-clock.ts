import type { FastifyInstance } from 'fastify';
import type { ClockWatch } from '@spillway/cache';
import { ProblemError } from '@spillway/http';

const RETRY_AFTER_SECONDS = 5;

/**
 * Refuses every request of the API while the clock is wrong, before anything is read: ids and tickets would
 * carry the wrong time, and good tokens would look expired. Health checks are answered.
 */
export function refuseWithWrongClock(fastify: FastifyInstance, clock: Pick<ClockWatch, 'wrong'>): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (clock.wrong && request.routeOptions.url?.startsWith('/v1/') === true) return done(wrongClock());
    done();
  });
}

const wrongClock = (): ProblemError =>
  new ProblemError(
    'clock_skew',
    'The clock of this instance is wrong. Nothing was accepted; send the request again after Retry-After, and another instance may take it.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
