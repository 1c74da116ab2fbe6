import type { Answer, JobObservation } from './history.js';
import { readJobId } from './ticket.js';

/**
 * After this a client gives up; every request must have been answered or its socket closed before. The edge
 * waits 15 s for what is behind it, longer than anything inside does.
 */
export const REQUEST_DEADLINE_MS = 16_000;

export interface WriteRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly token: string;
  readonly body: unknown;
  readonly idempotencyKey?: string;
}

/** Sends one write and says what the client may believe afterwards. Never throws. */
export async function write({ method, url, token, body, idempotencyKey }: WriteRequest): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    return classify(answer.status, await answer.text(), answer.headers.get('retry-after'));
  } catch (error) {
    return { kind: 'unknown', status: null, why: whyOf(error) };
  }
}

/** One look at a job; `unavailable` for every answer that says nothing about it. */
export async function lookAtJob(
  baseUrl: string,
  jobId: string,
  token: string,
): Promise<Omit<JobObservation, 'jobId' | 'tenant'> & { readonly httpStatus: number | null }> {
  const at = Date.now();
  try {
    const answer = await fetch(`${baseUrl}/v1/jobs/${jobId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    const body = parse(await answer.text());
    const httpStatus = answer.status;
    if (answer.status === 404) return { at, httpStatus, status: 'not_found' };
    const status = body['status'];
    if (answer.status !== 200 || (status !== 'processing' && status !== 'completed' && status !== 'failed')) {
      return { at, httpStatus, status: 'unavailable', code: text(body['code']) };
    }
    const code = text((body['error'] as Record<string, unknown> | undefined)?.['code']);
    const reason = text(body['reason']);
    const postId = text(body['postId']);
    return {
      ...{ at, httpStatus, status },
      ...(code === '' ? {} : { code }),
      ...(reason === '' ? {} : { reason }),
      ...(postId === '' ? {} : { postId }),
    };
  } catch (error) {
    return { at, httpStatus: null, status: 'unavailable', code: whyOf(error) };
  }
}

function classify(status: number, body: string, retryAfter: string | null): Answer {
  const parsed = parse(body);
  if (status === 202) {
    const jobId = text(parsed['jobId']);
    return { kind: 'accepted', jobId, ...readJobId(jobId) };
  }
  const code = text(parsed['code']) || `no code: ${body.slice(0, 80)}`;
  if (status === 503 || (status >= 400 && status < 500)) {
    return { kind: 'refused', status, code, ...(retryAfter === null ? {} : { retryAfter }) };
  }
  return { kind: 'unknown', status, why: code };
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return 'deadline';
  const cause = error.cause as { readonly code?: unknown } | undefined;
  return typeof cause?.code === 'string' ? cause.code : error.message;
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
