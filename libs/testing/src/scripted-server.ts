import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a scripted server received it. */
export interface ScriptedRequest {
  /** Unix milliseconds of its end. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a scripted server does with one request. */
export type Script = (response: ServerResponse, request: ScriptedRequest) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly ScriptedRequest[];
  close(): void;
}

/**
 * A real HTTP server that answers the n-th request by the n-th script, and goes on with the last one: for
 * answers that the real service gives only rarely. Whoever starts it closes it.
 */
export async function startScriptedServer(...scripts: readonly Script[]): Promise<ScriptedServer> {
  const received: ScriptedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { at: Date.now(), method, path: url, headers, body: Buffer.concat(chunks).toString() };
      const script = scripts[Math.min(received.length, scripts.length - 1)];
      received.push(seen);
      script?.(response, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
