import type { SchemaData } from '@spillway/contracts/schemas';

interface HeaderInfo {
  readonly description: string;
  readonly schema: SchemaData;
}

const text = { type: 'string' } as const;

/** Headers that requests may carry. */
export const REQUEST_HEADERS = {
  'Idempotency-Key': {
    description:
      'Makes repeating safe for 24 h, per tenant and author: a quoted structured-field string or a bare token.',
    schema: { ...text, minLength: 1, maxLength: 257 },
  },
  'If-Match': { description: 'The ETag of the post that the change builds on.', schema: text },
  'If-None-Match': { description: 'ETags that the client has; 304 when one still holds.', schema: text },
  'Consistency-Token': {
    description: 'From a completed job: the answer contains its commit.',
    schema: text,
  },
  Prefer: { description: 'wait=N (RFC 7240): wait up to N seconds, at most 10, for the end.', schema: text },
  'Last-Event-ID': { description: 'The last event that the client has seen.', schema: text },
} as const satisfies Record<string, HeaderInfo>;

/** Headers of answers. */
export const RESPONSE_HEADERS = {
  Location: { description: 'Where the job or the post is.', schema: { ...text, format: 'uri-reference' } },
  'Retry-After': {
    description: 'Seconds until it is worth asking again.',
    schema: { type: 'integer', minimum: 0 },
  },
  'Idempotency-Replayed': { description: 'Present on a repeated answer.', schema: { const: 'true' } },
  ETag: { description: 'The version of what is answered.', schema: text },
  'Consistency-Token': {
    description: 'Reads that carry it contain this commit.',
    schema: text,
  },
  'Served-By': { description: 'What answered: replica-N, primary or cache.', schema: text },
  'Replica-Lag': { description: 'Milliseconds that it was behind.', schema: { type: 'integer', minimum: 0 } },
  Age: {
    description: 'Seconds since it was read from a database, when it comes from the cache.',
    schema: { type: 'integer', minimum: 0 },
  },
  'Cache-Control': { description: 'Who may keep the answer.', schema: text },
  Vary: { description: 'What else the answer depends on.', schema: text },
  Allow: { description: 'The methods that are possible.', schema: text },
  'WWW-Authenticate': { description: 'How to authenticate (RFC 6750).', schema: text },
  'RateLimit-Policy': { description: 'The quotas that apply.', schema: text },
  RateLimit: { description: 'What is left of them.', schema: text },
  'Preference-Applied': { description: 'The preference that was honoured.', schema: text },
  'X-Request-Id': {
    description: 'Names the request in the logs; quote it when reporting something.',
    schema: text,
  },
} as const satisfies Record<string, HeaderInfo>;

export type RequestHeader = keyof typeof REQUEST_HEADERS;
export type ResponseHeader = keyof typeof RESPONSE_HEADERS;
