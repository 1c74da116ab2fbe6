import { problemFrom, SpillwayError } from './spillway-error.js';
import { retryAfterMs } from './retry-after.js';

/** One HTTP request, ready to be sent as often as needed. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
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

/** True when the same request may succeed later. */
export const isRetryableStatus = (status: number): boolean => RETRYABLE.has(status);

/** True when a request that was answered so may have taken effect. */
export const mayHaveHappened = (status: number): boolean => status < 400 || (status >= 500 && status !== 503);

/**
 * Sends a request once and reads the whole answer, within `timeoutMs`.
 * @throws SpillwayError for everything but a 2xx with JSON; the signal's reason when it is aborted.
 */
export function attempt(
  fetch: typeof globalThis.fetch,
  request: ApiRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  return timely({ timeoutMs, signal }, async (cut) => {
    const response = await send(fetch, request, cut);
    return answerOf(response, await response.text());
  });
}

/**
 * Sends a request once; what is limited by `timeoutMs` is the time until the headers of its answer. The
 * signal ends the answer later, too.
 * @throws SpillwayError for everything but a 2xx; the signal's reason when it is aborted.
 */
export function openStream(
  fetch: typeof globalThis.fetch,
  request: ApiRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Response> {
  return timely({ timeoutMs, signal }, async (cut) => {
    const response = await send(fetch, request, AbortSignal.any([cut, signal]));
    if (!response.ok) answerOf(response, await response.text());
    return response;
  });
}

const send = (
  fetch: typeof globalThis.fetch,
  { url, method, headers, body }: ApiRequest,
  signal: AbortSignal,
): Promise<Response> =>
  fetch(url, { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) });

async function timely<T>(
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  work: (cut: AbortSignal) => Promise<T>,
): Promise<T> {
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
    return await work(controller.signal);
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
    status,
    // A success that cannot be read was cut off or replaced on the way; repeating is safe.
    retryable: isRetryableStatus(status) || (status >= 200 && status < 300),
    outcomeUnknown: mayHaveHappened(status),
    ...(wait === null ? {} : { retryAfterMs: wait }),
  };
  if (problem) throw SpillwayError.fromProblem(problem, facts);
  throw new SpillwayError(
    'malformed_answer',
    `status ${status} without problem details; is there a Spillway at this address?`,
    { ...facts, problem },
  );
}

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
