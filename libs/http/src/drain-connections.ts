import type { IncomingMessage, Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/** For connections that have sent nothing, or half of a header, when the stop begins. */
const SILENT_MS = 500;

/**
 * Follows the connections of a server, so that a stop need not wait for silent ones: closing ends those
 * between two requests, but not those that never sent one, and it ends Node's own timeouts.
 * @returns a function to call when the stop begins, which returns one to call when it is over.
 */
export function drainConnections(server: Server, requestTimeoutMs: number): () => () => void {
  const open = new Map<Socket, Set<IncomingMessage>>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const requests = open.get(request.socket);
    requests?.add(request);
    response.once('close', () => requests?.delete(request));
  });
  const end = (isStuck: (requests: ReadonlySet<IncomingMessage>) => boolean): void => {
    for (const [socket, requests] of open) if (isStuck(requests)) socket.destroy();
  };
  return () => {
    const silent = setTimeout(() => end((requests) => requests.size === 0), SILENT_MS);
    const unsent = setTimeout(
      () => end((requests) => [...requests].some((r) => !r.complete)),
      requestTimeoutMs,
    );
    return () => {
      clearTimeout(silent);
      clearTimeout(unsent);
    };
  };
}

/**
 * Takes no new connections from now on and leaves the open ones alone. An HTTP server's own `close` ends
 * those between two requests at once, and with them requests that were sent and not yet read.
 * @returns when the last connection has ended, or null when the server does not listen.
 */
export function stopAccepting(server: Server): Promise<void> | null {
  if (!server.listening) return null;
  return new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}
