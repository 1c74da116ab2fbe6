import { describe, expect, it } from '@jest/globals';
import { collect } from '@spillway/testing';
import fc from 'fast-check';
import { readEvents, type StreamEvent } from './event-stream.js';

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}
const eventsOf = (...texts: string[]): Promise<StreamEvent[]> =>
  collect(readEvents(streamOf(texts.map((text) => new TextEncoder().encode(text)))));

describe('readEvents', () => {
  it('reads events, ids and the pause to keep, and skips comments', async () => {
    const text =
      'retry: 1500\n\n: still there\n\nid: a\nevent: job\ndata: {"x":1}\n\ndata:two\ndata: lines\n\n';
    expect(await eventsOf(text)).toEqual([
      { event: 'job', data: '{"x":1}', id: 'a', retryMs: 1500 },
      { event: 'message', data: 'two\nlines', id: 'a', retryMs: 1500 },
    ]);
  });

  it('drops an event that was cut off', async () => {
    expect(await eventsOf('data: whole\n\ndata: half')).toHaveLength(1);
  });

  it.each(['\n', '\r\n', '\r'])('may come in any pieces, with lines that end in %j', async (end) => {
    const bytes = new TextEncoder().encode(`id: 中${end}data: a 🌊${end}data: b${end}${end}: c${end}${end}`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((to, n) => bytes.slice(at[n], to));
        const events = await collect(readEvents(streamOf(pieces)));
        expect(events).toEqual([{ event: 'message', data: 'a 🌊\nb', id: '中', retryMs: undefined }]);
      }),
    );
  });

  it('holds no event without end', async () => {
    await expect(eventsOf('data: '.padEnd(70_000, 'x'))).rejects.toThrow('without end');
  });
});
