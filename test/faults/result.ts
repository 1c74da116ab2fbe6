import type { Violation } from './checker.js';

/** What one fault came to. */
export interface FaultResult {
  readonly id: string;
  readonly title: string;
  readonly result: 'passed' | 'failed' | 'error' | 'not built yet';
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  readonly committed: number;
  readonly violations: readonly Violation[];
  /** What was asserted beyond the checker and did not hold. */
  readonly broken: readonly string[];
  /** Accepted per second before the fault. */
  readonly formerRate: number;
  /** Null when nothing was measured or it never came back. */
  readonly recoveredAfterMs: number | null;
  readonly drainedAfterMs: number | null;
  readonly peakMemoryMiB: Readonly<Record<string, number>>;
  readonly tookMs: number;
  readonly error?: string;
}

/** The table that `npm run faults` ends with. */
export function table(results: readonly FaultResult[]): string {
  const head = [
    '',
    'fault',
    'result',
    'sent',
    'accepted',
    'refused',
    'unknown',
    'committed',
    'violations',
    'recovered',
  ];
  const rows = results.map((r) =>
    r.result === 'not built yet'
      ? [r.id, r.title, r.result, ...Array<string>(7).fill('')]
      : [
          r.id,
          r.title,
          r.result,
          ...[r.sent, r.accepted, r.refused, r.unknown, r.committed, r.violations.length].map(String),
          r.recoveredAfterMs === null ? '–' : `${(r.recoveredAfterMs / 1000).toFixed(1)} s`,
        ],
  );
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] ?? 0) - [...cell].length);
        return i < 3 ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** The first few things that were wrong, for the terminal; the report holds all. */
export function complaints({ id, violations, broken, error }: FaultResult, limit = 12): readonly string[] {
  const all = [
    ...(error === undefined ? [] : [`${id} did not come to its end: ${error}`]),
    ...broken.map((sentence) => `${id} does not hold: ${sentence}`),
    ...violations.map((v) => `${id} violates ${v.invariant}: ${v.op === null ? '' : `${v.op}: `}${v.detail}`),
  ];
  return all.length > limit ? [...all.slice(0, limit), `${id} … and ${all.length - limit} more`] : all;
}
