import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { answerAtOnce } from '@spillway/http';
import type { CommandAcceptor } from './accept-command.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Present on routes that are marked by `@Publishes`. */
    readonly publishes?: true;
  }
}

/** The route answers from what it publishes alone: while nothing can be published, there is nothing to ask it. */
export const Publishes = (): MethodDecorator => RouteConfig({ publishes: true });

/**
 * Refuses posts while nothing can be published, before their body is read and their token verified: what comes
 * in floods just when the broker is slow or away must cost next to nothing. A request with an Idempotency-Key
 * goes on, since its post may have been accepted before and is answered without the broker.
 */
export function refuseWhileClosed(
  fastify: FastifyInstance,
  acceptor: Pick<CommandAcceptor, 'refuseNow'>,
): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { publishes } = request.routeOptions.config;
    const refusal =
      publishes && request.headers['idempotency-key'] === undefined ? acceptor.refuseNow() : null;
    if (refusal) answerAtOnce(request, reply, refusal);
    else done();
  });
}
