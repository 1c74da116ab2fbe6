import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, isErrorCode, type ErrorCode } from './error-codes.js';
import { problem } from './problem.js';

/** The wire contract, written down a second time: a status that changes is a breaking change. */
const STATUSES: Record<ErrorCode, number> = {
  invalid_request: 400,
  malformed_json: 400,
  invalid_cursor: 400,
  unauthenticated: 401,
  token_revoked: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  cursor_expired: 410,
  request_timeout: 408,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  too_many_requests: 429,
  too_many_failures: 429,
  quota_exceeded: 429,
  headers_too_large: 431,
  internal_error: 500,
  bad_gateway: 502,
  broker_unavailable: 503,
  broker_rejected: 503,
  too_many_unconfirmed: 503,
  database_unavailable: 503,
  consistency_unavailable: 503,
  authentication_unavailable: 503,
  clock_skew: 503,
  overloaded: 503,
  shutting_down: 503,
  too_many_streams: 429,
  streams_exhausted: 503,
  confirm_timeout: 504,
  gateway_timeout: 504,
  id_taken: 409,
  invalid_command: 422,
  data_rejected: 422,
  discarded: 422,
  not_replayable: 422,
  already_replayed: 409,
  too_many_revocations: 409,
  idempotency_key_reused: 422,
  idempotency_in_progress: 409,
  not_permitted: 403,
  post_not_found: 404,
  version_conflict: 412,
};

describe('the error table', () => {
  it('gives each code the status that clients were promised', () => {
    const actual = Object.entries(ERROR_CODES).map(([code, { status }]) => [code, status]);
    expect(Object.fromEntries(actual)).toEqual(STATUSES);
  });

  it('has a title for each code that is a sentence without a full stop', () => {
    for (const { title } of Object.values(ERROR_CODES)) expect(title).toMatch(/^[A-Z].*[^.]$/);
  });

  it('knows its codes, and nothing that an object merely inherits', () => {
    expect(isErrorCode('id_taken')).toBe(true);
    for (const other of ['', 'toString', 'constructor', '__proto__', 'ID_TAKEN'])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('problem', () => {
  it('holds title and status of its code, and errors only when there are some', () => {
    expect(problem('not_found', 'There is no such post.', 'r-1')).toEqual({
      type: 'urn:spillway:error:not_found',
      title: 'Not found',
      status: 404,
      detail: 'There is no such post.',
      code: 'not_found',
      requestId: 'r-1',
    });
    const errors = [{ pointer: '/content', detail: 'must be a text' }];
    expect(problem('invalid_request', 'No.', 'r-2', errors).errors).toEqual(errors);
  });
});
