import { alertsIn, ruleFiles, type Alert } from '../alerts/alert-files.js';
import { activeAlerts } from '../prometheus/prometheus.js';
import type { ExpectedAlert } from './drill.js';
import { durationMs, shortestRangeMs } from './scaled-rules.js';

/** How long scraping, evaluation and a crowded machine may take beside what the rule says. */
const NOTICED_MS = 60_000;

/** A Prometheus that evaluates our rules, their durations divided by `factor`. */
export class Watching {
  private readonly rules: readonly Alert[] = ruleFiles().flatMap(alertsIn);

  constructor(
    readonly url: string,
    private readonly factor: number,
  ) {}

  /** Whether an alert of this name and with these labels is firing, or waits for its `for`, or neither. */
  async state({ alert, labels = {} }: ExpectedAlert): Promise<'firing' | 'pending' | 'inactive'> {
    const states = (await activeAlerts(this.url))
      .filter((active) => active.labels['alertname'] === alert)
      .filter((active) => Object.entries(labels).every(([name, value]) => active.labels[name] === value))
      .map(({ state }) => state);
    if (states.includes('firing')) return 'firing';
    return states.length > 0 ? 'pending' : 'inactive';
  }

  /** Within this time (ms) the alert fires after its trouble has begun. */
  firesWithinMs(alert: string): number {
    return NOTICED_MS + durationMs(this.rule(alert).for ?? '0s') / this.factor;
  }

  /** Within this time (ms) it ends after its trouble has: what a rate remembers must have passed. */
  resolvesWithinMs(alert: string): number {
    return NOTICED_MS + shortestRangeMs(this.rule(alert)) / this.factor;
  }

  private rule(alert: string): Alert {
    const found = this.rules.find((rule) => rule.alert === alert);
    if (!found) throw new Error(`there is no alert ${alert}`);
    return found;
  }
}
