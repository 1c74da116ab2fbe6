import { ERROR_CODES, isErrorCode, type ErrorCode, type ProblemPointer } from '@spillway/contracts';
import { HttpException } from '@nestjs/common';

/** An error as it crosses the wire. Whatever error has this form is shown; libs need no class of ours. */
export interface WireError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors?: readonly ProblemPointer[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const FASTIFY_CODES = new Map<string, WireError>(
  Object.entries({
    FST_ERR_CTP_BODY_TOO_LARGE: {
      code: 'payload_too_large',
      detail: 'The body is larger than this resource takes.',
    },
    FST_ERR_CTP_INVALID_MEDIA_TYPE: {
      code: 'unsupported_media_type',
      detail: 'Send the body as application/json.',
    },
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
      code: 'invalid_request',
      detail: 'The body is not as long as Content-Length says.',
    },
    FST_ERR_BAD_URL: { code: 'invalid_request', detail: 'The address has a malformed percent-encoding.' },
    FST_ERR_MAX_PARAM_LENGTH: {
      code: 'uri_too_long',
      detail: 'A part of the address is longer than any id.',
    },
    FST_ERR_ROUTE_NOT_FOUND: { code: 'not_found', detail: 'There is nothing at this address.' },
  } satisfies Record<string, WireError>),
);

/** Codes of a bare status, as frameworks throw it. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
};

/** What to answer, and undefined when the error is none of those a caller may see. */
export function wireErrorOf(error: unknown): WireError | undefined {
  if (isWireError(error)) return error;
  const origin = error instanceof HttpException ? (error.cause ?? error) : error;
  if (isWireError(origin)) return origin;
  const known = FASTIFY_CODES.get(textOf(origin, 'code'));
  if (known) return known;
  const code = BY_STATUS[statusOf(error)];
  return code === undefined ? undefined : { code, detail: `${ERROR_CODES[code].title}.` };
}

function isWireError(error: unknown): error is WireError {
  return isErrorCode(textOf(error, 'code')) && textOf(error, 'detail') !== '';
}

const textOf = (error: unknown, key: string): string => {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : '';
};

/** The status of a framework's error. Errors of drivers have none, or one that is not meant for callers. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const isFastify = error instanceof Error && error.name === 'FastifyError';
  return isFastify && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
}
