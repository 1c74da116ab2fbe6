import { ERROR_CODES, type ErrorCode } from './error-codes.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** An error body (RFC 9457), the edge's own included. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors?: readonly ProblemPointer[];
}

/** One mistake: `pointer` is a JSON pointer into the body (RFC 6901), or `?name` for a query parameter. */
export interface ProblemPointer {
  readonly pointer: string;
  readonly detail: string;
}

/** Where the remedy of a code is written down. */
export const problemType = (code: ErrorCode): string => `urn:spillway:error:${code}`;

export function problem(
  code: ErrorCode,
  detail: string,
  requestId: string,
  errors?: readonly ProblemPointer[],
): Problem {
  const { status, title } = ERROR_CODES[code];
  return { type: problemType(code), title, status, detail, code, requestId, ...(errors ? { errors } : {}) };
}
