import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** For connections that have sent nothing, or half of a header, when the stop begins. */
const SILENT_MS = 500;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const isAnswered = ({ response }: Exchange): boolean => response.writableFinished || response.destroyed;

/**
 * Follows the connections of a server, so that a stop need not wait for silent ones: closing ends those
 * between two requests, but not those that never sent one, and it ends Node's own timeouts.
 * @returns a function to call when the stop begins, which returns one to call when it is over.
 */
export function drainConnections(server: Server, requestTimeoutMs: number): () => () => void {
  // The last request of a connection tells all: those before it were read, and are answered before it.
  const open = new Map<Socket, Exchange | undefined>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => open.set(request.socket, { request, response }));
  const end = (isStuck: (last: Exchange | undefined) => boolean): void => {
    for (const [socket, last] of open) if (isStuck(last)) socket.destroy();
  };
  return () => {
    const silent = setTimeout(() => end((last) => !last || isAnswered(last)), SILENT_MS);
    const unsent = setTimeout(
      () => end((last) => last !== undefined && !isAnswered(last) && !last.request.complete),
      requestTimeoutMs,
    );
    return () => {
      clearTimeout(silent);
      clearTimeout(unsent);
    };
  };
}
