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
  /**
   * Every answer of the target arrives this many milliseconds late; so a round trip takes that much longer.
   * With `requestMs`, what is sent to the target is late as well.
   */
  latency(ms: number, requestMs?: number): void;
  /** Each connection carries so many bytes a second, each way. What does not fit waits at its sender. */
  bandwidth(bytesPerSecond: number): void;
  /**
   * The next `times` requests that contain `text` reach the target, and their connections are reset before
   * its answer can come back: whoever sent them cannot know what they did.
   */
  cutAfter(text: string, times: number): void;
  /** How often `cutAfter` has cut. */
  readonly cuts: number;
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

const CLEAR = { silent: false, latencyMs: 0, requestLatencyMs: 0, bytesPerSecond: Infinity } as const;
/** Time enough for a target to do what it was asked. */
const CUT_AFTER_MS = 250;

/** Starts a proxy before `target` on a free port of the loopback. Whoever starts it stops it. */
export async function startTcpProxy({ target }: { readonly target: TcpTarget }): Promise<TcpProxy> {
  const weather: Weather = { ...CLEAR, changed: new EventTarget() };
  const tripwire = { text: '', times: 0, cuts: 0 };
  const pairs = new Set<readonly [Socket, Socket]>();
  const accept = (client: Socket): void => {
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const wire = { cut: false };
    const tripped = (chunk: Buffer): boolean => {
      if (tripwire.times > 0 && !wire.cut && chunk.includes(tripwire.text)) {
        tripwire.times--;
        tripwire.cuts++;
        wire.cut = true;
        setTimeout(() => {
          resetBoth(pair);
        }, CUT_AFTER_MS).unref();
      }
      return true;
    };
    relay({ from: client, to: upstream, weather, direction: 'request', filter: tripped });
    relay({ from: upstream, to: client, weather, direction: 'answer', filter: () => !wire.cut });
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
    get cuts() {
      return tripwire.cuts;
    },
    pass: async () => {
      change(CLEAR);
      tripwire.times = 0;
      if (!server.listening) server = await listen(accept, port);
    },
    silence: () => {
      change({ silent: true });
    },
    latency: (ms, requestMs = 0) => {
      change({ latencyMs: ms, requestLatencyMs: requestMs });
    },
    bandwidth: (bytesPerSecond) => {
      change({ bytesPerSecond });
    },
    cutAfter: (text, times) => {
      Object.assign(tripwire, { text, times });
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
