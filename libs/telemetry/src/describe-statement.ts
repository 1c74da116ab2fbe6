import type { Span } from '@opentelemetry/api';
import { withholdMessages } from './withhold-messages.js';

const LITERALS = /'(?:[^']|'')*'/g;
const COMMIT = /;\s*COMMIT\b/i;
/** Of a table, and not the `UPDATE` of `FOR UPDATE` or of `ON CONFLICT DO UPDATE`. */
const CHANGE = /(?<!\b(?:FOR|DO)\s+)\b(INSERT|UPDATE|DELETE)\s+(?:INTO\s+|FROM\s+)?([a-z_][\w.]*)/i;
/** A function of the schema that is named for what it changes. */
const CHANGES = /\bFROM\s+(insert|update|delete)_([a-z_]+)\s*\(/i;
const INNERMOST = /\([^()]*\)/g;
const SOURCE = /\bSELECT\b[^]*?\bFROM\s+([a-z_][\w.]*)/i;
const WORD = /[a-z]+/i;

/** A statement as `INSERT posts`, `SELECT posts` or `COMMIT`, by what it is there for. */
export function summaryOf(text: string): string {
  if (COMMIT.test(text)) return 'COMMIT';
  const change = CHANGE.exec(text) ?? CHANGES.exec(text);
  if (change) return `${change[1]?.toUpperCase()} ${change[2]}`;
  let outer = text;
  for (let inner = ''; inner !== outer;) {
    inner = outer;
    outer = inner.replace(INNERMOST, ' ');
  }
  const source = SOURCE.exec(outer);
  return source ? `SELECT ${source[1]}` : (WORD.exec(text)?.[0].toUpperCase() ?? 'query');
}

/** Names the span of a statement by what it does, and keeps every literal out of it. Free when it is not sampled. */
export function describeStatement(span: Span, { query: { text } }: { query: { text: string } }): void {
  if (!span.isRecording()) return;
  withholdMessages(span);
  const shown = text.replace(LITERALS, '?');
  const summary = summaryOf(shown);
  span.updateName(summary);
  span.setAttributes({ 'db.query.summary': summary, 'db.query.text': shown });
}

/** Rows that a statement changed or returned; the first one's, when several travelled together. */
export function countRows(span: Span, { data }: { data: unknown }): void {
  if (!span.isRecording()) return;
  const results: readonly unknown[] = Array.isArray(data) ? data : [data];
  const rows = results.map(rowsOf).find((count) => count !== undefined);
  if (rows !== undefined) span.setAttribute('app.rows', rows);
}

function rowsOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { rowCount, rows } = result as { rowCount?: unknown; rows?: unknown };
  if (typeof rowCount === 'number') return rowCount;
  return rowCount === undefined && Array.isArray(rows) ? rows.length : undefined;
}
