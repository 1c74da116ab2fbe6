import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readReceivedSpans } from './received-spans.js';

describe('readReceivedSpans', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'spans-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const append = (...lines: string[]): void => {
    mkdirSync(join(dir, 'data', 'traces'), { recursive: true });
    appendFileSync(join(dir, 'data', 'traces', 'spans.ndjson'), lines.join('\n'));
  };
  const span = (own: object): string =>
    JSON.stringify({ traceId, name: 'x', service: 'spillway-writer', startTimeUnixNano: '2', ...own });

  it('is empty before anything was received', async () => {
    expect(await readReceivedSpans(dir, traceId)).toEqual([]);
  });

  it('gives the spans of one trace by time of start, and leaves a half written line for later', async () => {
    append(
      span({
        spanId: 'b',
        parentSpanId: 'a',
        kind: 'SPAN_KIND_CONSUMER',
        links: [{ traceId: 't', spanId: 's' }],
      }),
      span({ spanId: 'a', startTimeUnixNano: '1', kind: 2, status: { code: 'STATUS_CODE_ERROR' } }),
      JSON.stringify({ traceId: 'other', spanId: 'c', links: [{ traceId, spanId: 'a' }] }),
      `{"traceId":"${traceId}","spanId":"d`,
    );
    const spans = await readReceivedSpans(dir, traceId);
    expect(spans.map((s) => s.spanId)).toEqual(['a', 'b']);
    expect(spans[0]).toMatchObject({
      parentSpanId: null,
      kind: 'SERVER',
      status: 'ERROR',
      startTimeUnixNano: 1n,
    });
    expect(spans[1]).toMatchObject({ parentSpanId: 'a', kind: 'CONSUMER', service: 'spillway-writer' });
    expect(spans[1]?.links).toEqual([{ traceId: 't', spanId: 's' }]);
  });
});
