import type { Job } from '@spillway/contracts';

/** One event as a client takes it. */
export interface JobEvent {
  readonly id: string;
  readonly job: Job;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next event, or null when the stream has ended. */
  next(): Promise<JobEvent | null>;
  close(): Promise<void>;
}

/** Opens a stream of events about a job. @throws Error when it is cut off instead of ended. */
export async function openEvents(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const block = async (): Promise<string | null> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const first = text.slice(0, end);
        text = text.slice(end + 2);
        return first;
      }
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return null;
      text += chunk.value;
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    next: async () => {
      for (let lines = await block(); lines !== null; lines = await block()) {
        const [, id] = /^id: (.*)$/m.exec(lines) ?? [];
        const [, data] = /^event: job\ndata: (.*)$/m.exec(lines) ?? [];
        if (id !== undefined && data !== undefined) return { id, job: JSON.parse(data) as Job };
      }
      return null;
    },
    close: async () => reader?.cancel(),
  };
}
