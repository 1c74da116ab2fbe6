import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isUnchanged } from './if-none-match.js';

/** What an answer depends on besides its address: whose it is. */
export const VARY = 'Authorization, Cookie';
const HASH_CHARACTERS = 22;

/**
 * For every answer of a reader: `Vary`, so that a shared cache never gives one caller's answer to another,
 * and for a 200 that may be kept an `ETag` (the handler's own, or a hash of the body) and 304 when the
 * client has it already. To be installed before the routes.
 */
export function installHttpCaching(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('Vary', VARY);
    done();
  });
  fastify.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (typeof payload !== 'string' || !mayBeKept(reply)) return done(null, payload);
    const etag = etagOf(reply, payload);
    if (!isUnchanged(request.headers['if-none-match'], etag)) return done(null, payload);
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

function mayBeKept(reply: FastifyReply): boolean {
  return reply.statusCode === 200 && reply.getHeader('Cache-Control') !== 'no-store';
}

function etagOf(reply: FastifyReply, payload: string): string {
  const own = reply.getHeader('ETag');
  if (typeof own === 'string') return own;
  const etag = `"${hash('sha256', payload, 'base64url').slice(0, HASH_CHARACTERS)}"`;
  void reply.header('ETag', etag);
  return etag;
}
