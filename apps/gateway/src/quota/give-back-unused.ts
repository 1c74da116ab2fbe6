import type { FastifyInstance } from 'fastify';
import type { CountedRequest } from './quota.guard.js';

/**
 * Gives the allowance back when the answer is 5xx: the request had no effect. Not for 504, where that is
 * unknown, nor for 4xx: a wrong request costs as much as a right one.
 */
export function giveBackUnused(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request: CountedRequest, reply, done) => {
    if (reply.statusCode >= 500 && reply.statusCode !== 504) request.quota?.giveBack();
    done();
  });
}
