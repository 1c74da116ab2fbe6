const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DURATION = /^(?:\d+(?:ms|[smhdw]))+$/;
const PART = /(\d+)(ms|[smhdw])/g;
/** A range or a subquery: `[5m]`, `[5m:15s]`. */
const RANGE = /\[(\w+)(?::(\w+)?)?\]/g;

/** A rule as far as durations are concerned. */
export interface Rule {
  readonly expr: string;
  readonly for?: string;
}

/** @throws Error when the text is no duration of Prometheus. */
export function durationMs(text: string): number {
  if (!DURATION.test(text)) throw new Error(`${text} is no duration`);
  return [...text.matchAll(PART)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
}

/** A duration in whole milliseconds, as Prometheus reads it. */
export const scaled = (duration: string, factor: number): string =>
  `${Math.round(durationMs(duration) / factor)}ms`;

/**
 * The same rule in a world that runs `factor` times as fast: `for` and every range are divided, thresholds stay.
 * @throws Error for a rule whose durations are not all seen here.
 */
export function scaledRule<R extends Rule>(rule: R, factor: number): R {
  if (/\b(?:offset|keep_firing_for)\b|@/.test(`${rule.expr} ${Object.keys(rule).join(' ')}`))
    throw new Error(`offset, @ and keep_firing_for are not scaled: ${rule.expr}`);
  const expr = rule.expr.replaceAll(RANGE, (_, range: string, step?: string) =>
    step === undefined ? `[${scaled(range, factor)}]` : `[${scaled(range, factor)}:${scaled(step, factor)}]`,
  );
  return { ...rule, expr, ...(rule.for === undefined ? {} : { for: scaled(rule.for, factor) }) };
}

/** How far back a rule looks where it looks back least: so long a trouble that is over can keep it firing. */
export const shortestRangeMs = ({ expr }: Rule): number => {
  const ranges = [...expr.matchAll(RANGE)].map(([, range = '']) => durationMs(range));
  return ranges.length === 0 ? 0 : Math.min(...ranges);
};
