import { problemFrom, SpillwayError } from './spillway-error.js';
import { retryAfterMs } from './retry-after.js';

/** One HTTP request, ready to be sent as often as needed. */
export interface ApiRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back from one attempt. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Statuses after which the same request may be repeated; every other 4xx would only fail again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/**
 * Sends a request once and reads the whole answer, within `timeoutMs`.
 * @throws SpillwayError for everything but a 2xx with JSON; the signal's reason when it is aborted.
 */
export async function attempt(
  fetch: typeof globalThis.fetch,
  request: ApiRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, timeoutMs);
  signal?.addEventListener('abort', abort);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'manual',
      signal: controller.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const text = await response.text();
    return answerOf(response, text);
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    signal?.throwIfAborted();
    throw noAnswer(error, late, timeoutMs);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function answerOf(response: Response, text: string): Answer {
  const { status, headers } = response;
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) return { status, headers, body };
  const problem = problemFrom(body);
  const wait = retryAfterMs(headers.get('retry-after'), Date.now());
  const facts = {
    problem,
    status,
    // A success that cannot be read was cut off or replaced on the way; repeating is safe.
    retryable: RETRYABLE.has(status) || (status >= 200 && status < 300),
    outcomeUnknown: status < 400 || (status >= 500 && status !== 503),
    ...(wait === null ? {} : { retryAfterMs: wait }),
  };
  if (problem) throw new SpillwayError(problem.code, described(problem), facts);
  throw new SpillwayError(
    'malformed_answer',
    `status ${status} without problem details; is there a Spillway at this address?`,
    facts,
  );
}

const described = (problem: NonNullable<ReturnType<typeof problemFrom>>): string =>
  [problem.detail, ...(problem.errors ?? []).map((e) => `${e.pointer}: ${e.detail}`)].join(' · ');

function noAnswer(error: unknown, late: boolean, timeoutMs: number): SpillwayError {
  const facts = { problem: null, status: 0, retryable: true, outcomeUnknown: true, cause: error };
  return late
    ? new SpillwayError('answer_timeout', `no answer within ${timeoutMs} ms`, facts)
    : new SpillwayError('no_answer', `the connection failed (${reasonOf(error)})`, facts);
}

/** `fetch` wraps what happened to the socket in a "fetch failed". */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = (inner as Error & { code?: unknown }).code;
  return typeof code === 'string' ? code : inner.message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
