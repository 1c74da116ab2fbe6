import type { AlertResult } from './run-drill.js';

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1000).toFixed(0)} s`);

/** Whether an alert fired and resolved. */
export const passed = ({ firedMs, resolvedMs }: AlertResult): boolean =>
  firedMs !== null && resolvedMs !== null;

/** A line for each alert. */
export function shownResults(results: readonly AlertResult[]): string {
  const rows = [
    ['drill', 'alert', 'fired after', 'resolved after'],
    ...results.map((r) => [r.drill, r.alert, seconds(r.firedMs), seconds(r.resolvedMs)]),
  ];
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(width(column)) : cell.padStart(width(column))))
        .join('  '),
    )
    .join('\n');
}
