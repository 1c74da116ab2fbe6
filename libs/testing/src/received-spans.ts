import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toReceivedSpan, type ReceivedSpan } from './span.js';

/** The first one of a line is the span's own; those of its links follow. */
const TRACE_ID = /"traceId":"([0-9a-f]{32})"/;
/** The older file first: the viewer begins a new one when it is large. */
const FILES = ['spans.1.ndjson', 'spans.ndjson'] as const;

/**
 * The spans of one trace that the stack's trace viewer has received so far, by time of start. A line
 * still being written is left for the next look.
 */
export async function readReceivedSpans(stackDir: string, traceId: string): Promise<ReceivedSpan[]> {
  return (await readReceivedTraces(stackDir, new Set([traceId]))).get(traceId) ?? [];
}

/** The same of many traces, in one pass; a trace of which nothing has come is missing. */
export async function readReceivedTraces(
  stackDir: string,
  traceIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ReceivedSpan[]>> {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const name of FILES) {
    const file = join(stackDir, 'data', 'traces', name);
    if (!existsSync(file)) continue;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const [, own = ''] = TRACE_ID.exec(line) ?? [];
      const raw = traceIds.has(own) ? parse(line) : null;
      if (raw === null) continue;
      const span = toReceivedSpan(raw, '');
      if (span.traceId === own) traces.set(own, [...(traces.get(own) ?? []), span]);
    }
  }
  for (const spans of traces.values())
    spans.sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  return traces;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
