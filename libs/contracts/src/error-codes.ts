/**
 * Every error that crosses the wire, in one table. `docs/errors.md` states the remedy of each; a
 * test holds the two equal.
 */
export const ERROR_CODES = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  invalid_cursor: { status: 400, title: 'The cursor is not one of ours' },
  unauthenticated: { status: 401, title: 'No valid token' },
  token_revoked: { status: 401, title: 'The token has been revoked' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The resource does not have this method' },
  cursor_expired: { status: 410, title: 'The changes after this cursor are gone' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  too_many_requests: { status: 429, title: 'Too many requests from this address' },
  too_many_failures: { status: 429, title: 'Too many requests without a valid token' },
  quota_exceeded: { status: 429, title: 'The quota is used up' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal_error: { status: 500, title: 'Something failed that should not' },
  bad_gateway: { status: 502, title: 'The service behind the edge did not answer' },
  broker_unavailable: { status: 503, title: 'Posts cannot be accepted now' },
  broker_rejected: { status: 503, title: 'The broker refused the post' },
  too_many_unconfirmed: { status: 503, title: 'Too many posts wait for the broker' },
  database_unavailable: { status: 503, title: 'No database can answer now' },
  consistency_unavailable: { status: 503, title: 'No database has reached the requested position' },
  authentication_unavailable: { status: 503, title: 'No token can be verified now' },
  clock_skew: { status: 503, title: 'The clock of this instance is wrong' },
  overloaded: { status: 503, title: 'Too many requests at once' },
  shutting_down: { status: 503, title: 'The service is stopping' },
  too_many_streams: { status: 429, title: 'The tenant has too many event streams open' },
  streams_exhausted: { status: 503, title: 'Too many event streams are open here' },
  confirm_timeout: { status: 504, title: 'The broker did not confirm in time' },
  gateway_timeout: { status: 504, title: 'The service behind the edge took too long' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used with another body' },
  idempotency_in_progress: { status: 409, title: 'A request with this Idempotency-Key is being processed' },
  /** Codes below end a job; they are never the status of a response. */
  id_taken: { status: 409, title: 'Another post has this id' },
  not_permitted: { status: 403, title: 'Only the author or a moderator may change this post' },
  post_not_found: { status: 404, title: 'There is no post to change' },
  version_conflict: { status: 412, title: 'The post was changed since' },
  invalid_command: { status: 422, title: 'The command cannot be carried out' },
  data_rejected: { status: 422, title: 'The database refused the data' },
  discarded: { status: 422, title: 'An operator discarded the command' },
  not_replayable: { status: 422, title: 'The dead letter cannot be replayed' },
  already_replayed: { status: 409, title: 'The dead letter was replayed before' },
  too_many_revocations: { status: 409, title: 'Too many tokens are revoked already' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(ERROR_CODES, value);
