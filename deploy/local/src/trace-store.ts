import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SpanRecord } from './spans.js';

const FILE_BYTES_MAX = 64 * 1024 * 1024;
const TRACES_MAX = 2_000;
const SPANS_PER_TRACE_MAX = 5_000;

/** Received spans: all of them in `spans.ndjson` (with one older file), the newest traces in memory for the viewer. */
export class TraceStore {
  private readonly traces = new Map<string, SpanRecord[]>();
  private readonly file: string;
  private bytes: number;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.file = join(dir, 'spans.ndjson');
    this.bytes = existsSync(this.file) ? statSync(this.file).size : 0;
  }

  /** Whole lines are appended by one write, so a reader never meets half a span but at the very end. */
  add(spans: readonly SpanRecord[]): void {
    if (spans.length === 0) return;
    const lines = spans.map((span) => `${JSON.stringify(span)}\n`).join('');
    if (this.bytes > FILE_BYTES_MAX) {
      renameSync(this.file, this.file.replace('.ndjson', '.1.ndjson'));
      this.bytes = 0;
    }
    appendFileSync(this.file, lines, { mode: 0o600 });
    this.bytes += Buffer.byteLength(lines);
    for (const span of spans) this.remember(span);
  }

  /** Ids of the traces in memory, newest first. */
  ids(): string[] {
    return [...this.traces.keys()].reverse();
  }

  trace(id: string): readonly SpanRecord[] | undefined {
    return this.traces.get(id);
  }

  private remember(span: SpanRecord): void {
    const trace = this.traces.get(span.traceId) ?? [];
    if (trace.length === 0) {
      this.traces.set(span.traceId, trace);
      const [oldest] = this.traces.keys();
      if (this.traces.size > TRACES_MAX && oldest !== undefined) this.traces.delete(oldest);
    }
    if (trace.length < SPANS_PER_TRACE_MAX) trace.push(span);
  }
}
