import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import type { Accepted, BatchAnswer, DeadLetterPage } from '@spillway/contracts';
import { eventually } from '@spillway/testing';
import type { Answer, Api } from './api.js';

/** The span of the caller that every request here says it has. */
export const CALLER_SPAN = '00f067aa0ba902b7';
const BULK_QUEUE = 'posts.bulk.s0';

/** A request that was accepted, and what its trace must come to hold. */
export interface TracedRequest {
  readonly traceId: string;
  readonly method: string;
  /** Posts that it created, edited or deleted. */
  readonly commands: number;
  readonly jobIds: readonly string[];
}

/** Sends requests each of which begins a trace of its own, and keeps what became of them. */
export class TracedPosts {
  readonly accepted: TracedRequest[] = [];

  constructor(private readonly api: Api) {}

  /** The request's flag says "not sampled", which must not matter. @throws Error when it is not accepted. */
  async send(method: string, path: string, body?: object): Promise<TracedRequest> {
    const traceId = randomBytes(16).toString('hex');
    const answer = await this.api.send(method, path, {
      ...(body ? { body: JSON.stringify(body) } : {}),
      headers: { traceparent: `00-${traceId}-${CALLER_SPAN}-00` },
    });
    if (answer.status !== 202) throw new Error(`${answer.status} instead of 202: ${answer.text}`);
    const jobIds = jobIdsOf(answer);
    const request = { traceId, method, jobIds, commands: jobIds.length };
    this.accepted.push(request);
    return request;
  }

  create = (content: string): Promise<TracedRequest> => this.send('POST', '/v1/posts', { content });

  batch = (contents: readonly string[]): Promise<TracedRequest> =>
    this.send(
      'POST',
      '/v1/posts/batch',
      contents.map((content) => ({ content })),
    );

  put = (id: string, content: string): Promise<TracedRequest> =>
    this.send('PUT', `/v1/posts/${id}`, { content });

  edit = (id: string, content: string): Promise<TracedRequest> =>
    this.send('PATCH', `/v1/posts/${id}`, { content });

  remove = (id: string): Promise<TracedRequest> => this.send('DELETE', `/v1/posts/${id}`);

  /** The only dead letter of the caller's tenant, replayed; resolves when that is decided. */
  async replay(): Promise<void> {
    const id = await eventually('the letter is listed', async () => {
      const { items } = (await this.api.send('GET', '/v1/dead-letters?limit=1')).json<DeadLetterPage>();
      return items[0]?.id;
    });
    const answer = await this.api.send('POST', `/v1/dead-letters/${id}/replay`, {
      body: '{"why":"a trace"}',
    });
    await this.api.followJob(answer.json<Accepted>().jobId);
  }
}

/**
 * Has the broker dead-letter the message of a batch that holds `mark`, as it does after too many
 * deliveries. What else waits in the queue goes back into it.
 */
export async function deadLetter(brokerUrl: string, mark: string): Promise<void> {
  const model = await connect(brokerUrl, { timeout: 5_000 });
  try {
    const channel = await model.createChannel();
    for (;;) {
      const message = await channel.get(BULK_QUEUE);
      if (message === false) throw new Error(`no message of ${BULK_QUEUE} holds ${mark}`);
      if (!message.content.includes(mark)) continue;
      channel.nack(message, false, false);
      return await channel.close();
    }
  } finally {
    await model.close();
  }
}

/** Runs `task` for each item, some at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function jobIdsOf(answer: Answer): string[] {
  const body = answer.json<Accepted | BatchAnswer>();
  if ('jobId' in body) return [body.jobId];
  return body.results.flatMap((result) => ('jobId' in result ? [result.jobId] : []));
}
