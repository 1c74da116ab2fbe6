const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `500ms`, `60s`, `5m`, `2h` or `7d`. @throws Error that shows the form. */
export function durationMs(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === '') throw new Error('a duration is written like 500ms, 60s, 5m, 2h or 7d');
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}

/** A duration for people: `850 ms`, `12.4 s`, `3 min 20 s`. */
export function shownDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
