import { NodeSDK } from '@opentelemetry/sdk-node';
import { createInstrumentations } from './instrumentations.js';
import { meters } from './meters.js';
import { observeProcess } from './process-metrics.js';
import { traceContextPropagator } from './propagator.js';
import { createSampler } from './sampler.js';
import { setRunningSdk } from './sdk-state.js';
import { TallyingExporter } from './tallying-exporter.js';
import { idGenerator } from './trace-ids.js';

/** Starts traces (exporter, queue and limits from `OTEL_*`) and metrics (scraped); logs stay on stdout. */
export function startSdk(ratio: number): void {
  const exporter = new TallyingExporter(
    { preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true },
    () => [meters().httpServerRequestDuration],
  );
  const sdk = new NodeSDK({
    sampler: createSampler(ratio),
    idGenerator,
    textMapPropagator: traceContextPropagator,
    metricReaders: [exporter],
    logRecordProcessors: [],
    instrumentations: createInstrumentations(),
  });
  sdk.start();
  // Counters exist, at 0, before the first event.
  meters();
  observeProcess();
  setRunningSdk({
    ratio,
    scrape: (request, response) => exporter.getMetricsRequestHandler(request, response),
    shutdown: () => sdk.shutdown(),
  });
}
