import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, Server as NetServer, type AddressInfo } from 'node:net';

/** Sockets that listen at one address: so many connections are taken in a turn of the event loop. */
const SOCKETS = 16;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const ofServer = new WeakMap<Server, Acceptors>();

/** The acceptors of an HTTP server, the same for each call. */
export function acceptorsOf(server: Server): Acceptors {
  const known = ofServer.get(server);
  if (known) return known;
  const made = new Acceptors(server);
  ofServer.set(server, made);
  return made;
}

/**
 * Lets an HTTP server take a crowd that arrives while it is busy. libuv accepts one connection a turn of the event loop for
 * each socket that listens (since 1.45, libuv pull request 3696), and a turn is as long as the work that was found in it: with
 * turns of 10 ms the last of 300 waited for 3.5 s, though its kernel had long been connected. The kernel
 * spreads connections over the sockets of one address (`SO_REUSEPORT`, socket(7)); with 16 of them it is 0.45 s.
 */
export class Acceptors {
  private readonly more: NetServer[] = [];

  constructor(private readonly server: Server) {}

  /**
   * Opens the sockets besides the server's own, which listens with `reusePort`. Each holds an equal share of the
   * server's `maxConnections`.
   */
  async open({ host, port }: ListenAddress, backlog: number): Promise<void> {
    const { server, more } = this;
    if (server.maxConnections) server.maxConnections = Math.ceil(server.maxConnections / SOCKETS);
    const at = { host, port: port || (server.address() as AddressInfo).port, backlog, reusePort: true };
    while (more.length < SOCKETS - 1) {
      const acceptor = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        server.emit('connection', socket),
      );
      acceptor.maxConnections = server.maxConnections;
      more.push(acceptor);
      acceptor.listen(at);
      await once(acceptor, 'listening');
    }
  }

  /**
   * Takes no new connections from now on and leaves the open ones alone. An HTTP server's own `close` ends
   * those between two requests at once, and with them requests that were sent and not yet read.
   * @returns when the last connection has ended, or null when the server does not listen.
   */
  close(): Promise<void> | null {
    if (!this.server.listening) return null;
    const ended = [this.server, ...this.more].map(
      (each) => new Promise<void>((resolve) => NetServer.prototype.close.call(each, () => resolve())),
    );
    return Promise.all(ended).then(() => undefined);
  }
}

/**
 * Sockets that share an address are not told of each other: a second process would get half of the requests.
 * @throws Error (EADDRINUSE) when somebody listens there.
 */
export async function requireFree({ host, port }: ListenAddress): Promise<void> {
  const probe = createServer().listen({ host, port, exclusive: true });
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}
