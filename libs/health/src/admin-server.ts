import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HealthRegistry } from './health-registry.js';

const MAX_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5000;
const MAX_HEADER_BYTES = 4096;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly health: HealthRegistry;
  readonly metrics: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface AdminServer {
  readonly port: number;
  /** Ends it, open connections included. */
  close(): Promise<void>;
}

/**
 * `GET /metrics`, `/health/live` and `/health/ready` for those who run the process, on an address that
 * the edge never routes to.
 * @throws Error from the socket, such as EADDRINUSE.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, { host, port }: AdminServerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

async function answer(
  options: AdminServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendJson(response, 405, { error: 'method not allowed' });
  }
  switch (request.url?.split('?', 1)[0]) {
    case '/metrics':
      return options.metrics(request, response);
    case '/health/live':
      return options.health.live()
        ? sendJson(response, 200, { status: 'up' })
        : sendJson(response, 503, { status: 'down' });
    case '/health/ready': {
      const report = await options.health.report();
      return sendJson(response, report.ready ? 200 : 503, report);
    }
    default:
      return sendJson(response, 404, { error: 'not found' });
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
