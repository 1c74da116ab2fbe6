import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { relay, type Weather } from './tcp-relay.js';

/** A TCP proxy that breaks the network as it really breaks: by silence as well as by disconnection. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Connections through it at this moment. */
  readonly connections: number;
  /** Everything flows again, what was held back first; refused connections are taken again. */
  pass(): Promise<void>;
  /** A black hole: connections stay open, nothing comes through either way, not even the end of one. */
  silence(): void;
  /** Every answer of the target arrives this many milliseconds late; so a round trip takes that much longer. */
  latency(ms: number): void;
  /** All connections end now, with RST to both sides. New ones are taken. */
  reset(): void;
  /** New connections are refused (nothing listens); those open stay. */
  refuse(): Promise<void>;
  stop(): Promise<void>;
}

export interface TcpTarget {
  readonly host?: string;
  readonly port: number;
}

/** Starts a proxy before `target` on a free port of the loopback. Whoever starts it stops it. */
export async function startTcpProxy({ target }: { readonly target: TcpTarget }): Promise<TcpProxy> {
  const weather: Weather = { silent: false, latencyMs: 0, changed: new EventTarget() };
  const pairs = new Set<readonly [Socket, Socket]>();
  const accept = (client: Socket): void => {
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    relay(client, upstream, weather, 'request');
    relay(upstream, client, weather, 'answer');
    for (const socket of pair) {
      socket.setNoDelay(true);
      // A socket that fails takes its partner with it; the error itself is the test's own doing.
      socket.on('error', () => resetBoth(pair));
      socket.on('close', () => {
        if (pair.every((s) => s.destroyed)) pairs.delete(pair);
      });
    }
  };
  let server = await listen(accept, 0);
  const { port } = server.address() as AddressInfo;
  const change = (next: Partial<Weather>): void => {
    Object.assign(weather, next);
    weather.changed.dispatchEvent(new Event('change'));
  };
  const reset = (): void => {
    for (const pair of pairs) resetBoth(pair);
  };
  return {
    host: '127.0.0.1',
    port,
    get connections() {
      return pairs.size;
    },
    pass: async () => {
      change({ silent: false, latencyMs: 0 });
      if (!server.listening) server = await listen(accept, port);
    },
    silence: () => {
      change({ silent: true });
    },
    latency: (ms) => {
      change({ latencyMs: ms });
    },
    reset,
    refuse: async () => {
      if (server.listening) await stopListening(server);
    },
    stop: async () => {
      const closed = [...pairs]
        .flat()
        .filter((s) => !s.closed)
        .map((s) => once(s, 'close'));
      reset();
      if (server.listening) await stopListening(server);
      await Promise.all(closed);
    },
  };
}

async function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  // allowHalfOpen: the end of one direction is carried over, not answered by the proxy itself.
  const server = createServer({ allowHalfOpen: true }, accept);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Ends listening at once: `close` waits for open connections, and those are to stay. */
async function stopListening(server: Server): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    const look = (): void => {
      if (server.listening) setImmediate(look);
      else resolve();
    };
    look();
  });
  server.close();
  await gone;
}

const resetBoth = (pair: readonly [Socket, Socket]): void => {
  for (const socket of pair) if (!socket.destroyed) socket.resetAndDestroy();
};
