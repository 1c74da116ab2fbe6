/** One event of a `text/event-stream` (WHATWG HTML §9.2.6). */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** The last id there was, also of an earlier event. */
  readonly id: string;
  /** From the last `retry:`, in milliseconds. */
  readonly retryMs: number | undefined;
}

/** Longest event that is held. */
const MAX_EVENT_CHARS = 64 * 1024;

/**
 * The events of a stream as they come. Ends when the stream ends; an event that was cut off is dropped.
 * @throws Error when an event is longer than 64 KiB, and what the stream itself fails with.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.take(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Whoever stops reading has no use for the rest; a stream that failed cannot be cancelled any more.
    await reader.cancel().catch(() => undefined);
  }
}

/** Takes text in any pieces. */
class EventParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private chars = 0;
  private id = '';
  private retryMs: number | undefined;

  *take(text: string): Generator<StreamEvent> {
    this.chars += text.length;
    // A CR at the end may be half of a CR LF.
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') yield* this.dispatch();
      else this.field(line);
    }
    if (this.chars > MAX_EVENT_CHARS) throw new Error('the service sent an event without end');
  }

  private *dispatch(): Generator<StreamEvent> {
    const { event, data, id, retryMs } = this;
    if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id, retryMs };
    [this.event, this.data, this.chars] = ['', [], this.rest.length];
  }

  private field(line: string): void {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.retryMs = Number(value);
  }
}
