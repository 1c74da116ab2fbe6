import type { IncomingMessage, ServerResponse } from 'node:http';
import { runningSdk } from './sdk-state.js';

/** Answers a scrape in Prometheus' text format, or 503 when the SDK is off. */
export function metricsHandler(): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const sdk = runningSdk();
    if (sdk) return sdk.scrape(request, response);
    response.writeHead(503, { 'content-type': 'text/plain' });
    response.end(
      'Metrics are off: this process runs with OTEL_SDK_DISABLED=true or without the telemetry preload.\n',
    );
  };
}
