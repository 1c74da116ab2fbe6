/**
 * A service for the validator of W3C Trace Context: a POST of `[{"url", "arguments"}]` is answered after each url
 * was sent its arguments, with the trace of the POST carried on. It listens on the port it is given, 0 for any, and
 * prints its address. Preload libs/telemetry, as the apps do.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { shutdownTelemetry, startRequestTrace, tracer } from '@spillway/telemetry';

interface Call {
  readonly url: string;
  readonly arguments: unknown;
}

async function callsOf(request: IncomingMessage): Promise<readonly Call[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as readonly Call[];
}

/** Each call is a span of its own, and what it carries names that span. */
async function call({ url, arguments: body }: Call): Promise<void> {
  const span = tracer().startSpan('POST', { kind: SpanKind.CLIENT });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  propagation.inject(trace.setSpan(context.active(), span), headers);
  try {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    await answer.arrayBuffer();
  } finally {
    span.end();
  }
}

const server = createServer((request, response) => {
  const traced = startRequestTrace(request);
  const work = async (): Promise<void> => {
    for (const each of await callsOf(request)) await call(each);
  };
  const end = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    traced?.end({ route: '/', status });
  };
  context.with(traced?.context ?? context.active(), work).then(
    () => {
      end(200, 'done');
    },
    (error: unknown) => {
      end(400, String(error));
    },
  );
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', () => {
  server.close(() => void shutdownTelemetry());
  server.closeAllConnections();
});
