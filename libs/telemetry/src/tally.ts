import { metrics, type Attributes } from '@opentelemetry/api';

/** Series that one instrument keeps, as the SDK does; what would be one more is counted in a series that says so. */
const SERIES_MAX = 2_000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/**
 * Series by their labels. The SDK sorts and writes down the labels of every measurement in order to find its series,
 * 2 us each; here the caller says what tells its labels apart.
 */
class SeriesByKey<L extends Attributes, S> {
  private readonly series = new Map<string, S>();

  constructor(
    private readonly keyOf: (labels: L) => string,
    private readonly begin: (labels: Attributes) => S,
  ) {}

  of(labels: L): S {
    const key = this.keyOf(labels);
    return this.series.get(key) ?? this.add(key, labels);
  }

  values(): Iterable<S> {
    return this.series.values();
  }

  private add(key: string, labels: L): S {
    const [name, own] = this.series.size < SERIES_MAX ? [key, labels] : ['overflow', OVERFLOW];
    const series = this.series.get(name) ?? this.begin(own);
    this.series.set(name, series);
    return series;
  }
}

/** What a histogram has seen with one set of labels. */
export interface TalliedSeries {
  readonly labels: Attributes;
  /** One count a boundary, of what was not above it and above the one before, and one of the rest. */
  readonly counts: number[];
  sum: number;
  count: number;
}

export interface TalliedHistogramOptions<L extends Attributes> {
  readonly name: string;
  readonly description: string;
  readonly boundaries: readonly number[];
  /** Different for different labels. */
  readonly keyOf: (labels: L) => string;
}

/** What a scrape asks of a histogram. */
export interface Tallied {
  readonly options: Pick<TalliedHistogramOptions<never>, 'name' | 'description' | 'boundaries'>;
  readonly series: () => readonly TalliedSeries[];
}

/** A histogram for what happens with every request. The scrape asks it; the SDK is not on the way. */
export class TalliedHistogram<L extends Attributes> implements Tallied {
  private readonly byKey: SeriesByKey<L, TalliedSeries>;

  constructor(readonly options: TalliedHistogramOptions<L>) {
    const { keyOf, boundaries } = options;
    this.byKey = new SeriesByKey(keyOf, (labels) => ({
      labels,
      counts: new Array<number>(boundaries.length + 1).fill(0),
      sum: 0,
      count: 0,
    }));
  }

  record(value: number, labels: L): void {
    const series = this.byKey.of(labels);
    const above = this.options.boundaries.findIndex((boundary) => value <= boundary);
    const bucket = above === -1 ? this.options.boundaries.length : above;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
    series.count++;
  }

  readonly series = (): readonly TalliedSeries[] => [...this.byKey.values()];
}

/** A counter for what happens with every request; the scrape asks it. */
export class TalliedCounter<L extends Attributes> {
  private readonly byKey: SeriesByKey<L, { readonly labels: Attributes; count: number }>;

  constructor(name: string, description: string, keyOf: (labels: L) => string) {
    this.byKey = new SeriesByKey(keyOf, (labels) => ({ labels, count: 0 }));
    metrics
      .getMeter('spillway')
      .createObservableCounter(name, { description })
      .addCallback((result) => {
        for (const { labels, count } of this.byKey.values()) result.observe(count, labels);
      });
  }

  add(count: number, labels: L): void {
    this.byKey.of(labels).count += count;
  }
}
