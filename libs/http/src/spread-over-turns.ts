import type { FastifyInstance } from 'fastify';

/** Beyond a crowd of these the event loop's turn is long enough to be worth ending. */
export const PER_TURN = 128;

/**
 * Begins this many requests where they are read, and the rest at the end of that turn of the event loop. libuv
 * goes on reading for up to 48 times 1 024 sockets as long as as many are ready (`uv__io_poll`), and a client
 * that is answered at once is ready again: a crowd that is refused would keep timers and whatever waits
 * for the end of the turn, messages to the broker among it, from their turn for seconds.
 */
export function spreadOverTurns(fastify: FastifyInstance): void {
  let begun = 0;
  fastify.addHook('onRequest', (_request, _reply, done) => {
    if (begun === 0) setImmediate(() => (begun = 0));
    if (++begun <= PER_TURN) done();
    else setImmediate(done);
  });
}
