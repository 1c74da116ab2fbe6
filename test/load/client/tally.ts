import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Latency, LoadResult } from './order.js';

const MAX_MICROS = 600_000_000;

/** Counts the answers of one run. */
export class Tally {
  private readonly statuses = new Map<number, number>();
  private readonly accepted = histogram();
  private readonly refused = histogram();
  private readonly refusedService = histogram();
  private acceptedInTime = 0;

  /** Times in milliseconds of one clock. */
  add(status: number, dueAt: number, sentAt: number, now: number, inTime: boolean): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if ((status >= 200 && status < 300) || status === 304) {
      this.accepted.record(micros(now - dueAt));
      if (inTime) this.acceptedInTime++;
    } else if (status === 429 || status === 503) {
      this.refused.record(micros(now - dueAt));
      this.refusedService.record(micros(now - sentAt));
    }
  }

  result(run: Pick<LoadResult, 'elapsedMs' | 'due' | 'unsent'>, unanswered: number): LoadResult {
    const statuses = Object.fromEntries([...this.statuses].sort(([a], [b]) => a - b));
    if (unanswered > 0) statuses['0'] = (statuses['0'] ?? 0) + unanswered;
    return {
      ...run,
      statuses,
      acceptedInTime: this.acceptedInTime,
      accepted: latency(this.accepted),
      refused: latency(this.refused),
      refusedService: latency(this.refusedService),
    };
  }
}

const histogram = (): RecordableHistogram => createHistogram({ highest: MAX_MICROS, figures: 3 });

const micros = (ms: number): number => Math.min(Math.max(Math.round(ms * 1000), 1), MAX_MICROS);

export function latency(histogram: RecordableHistogram): Latency {
  const at = (percent: number): number =>
    histogram.count === 0 ? Number.NaN : histogram.percentile(percent) / 1000;
  return {
    count: histogram.count,
    p50: at(50),
    p95: at(95),
    p99: at(99),
    max: histogram.count === 0 ? Number.NaN : histogram.max / 1000,
  };
}
