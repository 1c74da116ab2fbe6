import { ValueType, type HrTime } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type HistogramMetricData,
  type MetricCollectOptions,
} from '@opentelemetry/sdk-metrics';
import type { Tallied } from './tally.js';

/** A scrape of the SDK's metrics and of those that are tallied without it. */
export class TallyingExporter extends PrometheusExporter {
  private readonly startedAt = now();

  /** @param histograms asked at each scrape. */
  constructor(
    options: ConstructorParameters<typeof PrometheusExporter>[0],
    private readonly histograms: () => readonly Tallied[],
  ) {
    super(options);
  }

  override async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(options);
    const metrics = this.histograms()
      .map((histogram) => dataOf(histogram, this.startedAt))
      .filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = [...resourceMetrics.scopeMetrics, { scope: { name: 'spillway' }, metrics }];
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }
}

function dataOf({ options, series }: Tallied, startTime: HrTime): HistogramMetricData {
  const { name, description, boundaries } = options;
  const endTime = now();
  return {
    descriptor: { name, description, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: series().map(({ labels, counts, sum, count }) => ({
      startTime,
      endTime,
      attributes: labels,
      value: { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count },
    })),
  };
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}
