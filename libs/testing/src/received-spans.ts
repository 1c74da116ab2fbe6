import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toReceivedSpan, type ReceivedSpan } from './span.js';

/** The older file first: the viewer begins a new one when it is large. */
const FILES = ['spans.1.ndjson', 'spans.ndjson'] as const;

/**
 * The spans of one trace that the stack's trace viewer has received so far, by time of start. A line
 * still being written is left for the next look.
 */
export async function readReceivedSpans(stackDir: string, traceId: string): Promise<ReceivedSpan[]> {
  const spans: ReceivedSpan[] = [];
  for (const name of FILES) {
    const file = join(stackDir, 'data', 'traces', name);
    if (!existsSync(file)) continue;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (!line.includes(traceId)) continue;
      const raw = parse(line);
      if (raw === null) continue;
      const span = toReceivedSpan(raw, '');
      if (span.traceId === traceId) spans.push(span);
    }
  }
  return spans.sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
