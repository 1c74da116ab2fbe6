import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { spanRecords } from './spans.js';
import { TraceStore } from './trace-store.js';

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const request = (name: string, traceId = TRACE): unknown => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'spillway-writer' } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: bytes(traceId),
              spanId: bytes('00f067aa0ba902b7'),
              parentSpanId: bytes(''),
              name,
              kind: 5,
              startTimeUnixNano: { toString: () => '1795226941744000000' },
              endTimeUnixNano: { toString: () => '1795226941744350114' },
              attributes: [
                { key: 'count', value: { intValue: { toString: () => '7' } } },
                { key: 'flag', value: { boolValue: false } },
                {
                  key: 'list',
                  value: { arrayValue: { values: [{ stringValue: 'a' }, { doubleValue: 1.5 }] } },
                },
              ],
              links: [{ traceId: bytes(TRACE), spanId: bytes('00f067aa0ba902b8') }],
              status: { code: 2, message: 'held' },
              events: [
                { name: 'exception', attributes: [{ key: 'exception.type', value: { stringValue: 'E' } }] },
              ],
            },
          ],
        },
      ],
    },
  ],
});

describe('received spans', () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-spans-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('become one flat record each, with hexadecimal ids and exact times', () => {
    expect(spanRecords(request('process posts.write.s0'))).toEqual([
      {
        traceId: TRACE,
        spanId: '00f067aa0ba902b7',
        parentSpanId: '',
        name: 'process posts.write.s0',
        kind: 'CONSUMER',
        service: 'spillway-writer',
        startTimeUnixNano: '1795226941744000000',
        endTimeUnixNano: '1795226941744350114',
        attributes: { count: 7, flag: false, list: ['a', 1.5] },
        links: [{ traceId: TRACE, spanId: '00f067aa0ba902b8' }],
        status: 'ERROR',
        statusMessage: 'held',
        events: [{ name: 'exception', attributes: { 'exception.type': 'E' } }],
      },
    ]);
  });

  it('are appended as lines, and the oldest traces are forgotten by the viewer', () => {
    const store = new TraceStore(dir);
    for (let n = 0; n < 2_001; n++) store.add(spanRecords(request('span', n.toString(16).padStart(32, '0'))));
    expect(store.ids()).toHaveLength(2_000);
    expect(store.trace('0'.repeat(32))).toBeUndefined();
    const lines = readFileSync(join(dir, 'spans.ndjson'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(2_001);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId: '0'.repeat(32) });
  });
});
