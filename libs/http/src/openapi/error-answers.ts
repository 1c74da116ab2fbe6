import { ERROR_CODES, PROBLEM_MEDIA_TYPE, type ErrorCode } from '@spillway/contracts';
import { refTo, type SchemaData } from '@spillway/contracts/schemas';
import type { ResponseHeader } from './headers.js';

interface Circumstances {
  readonly isPublic: boolean;
  /** Whether it has a body, */
  readonly body: boolean;
  /** a body or query that is checked, */
  readonly checked: boolean;
  /** and parts of the address that a client fills in. */
  readonly address: boolean;
  readonly more: readonly ErrorCode[];
}

/** Any request may meet these: in the service before its handler, or at the edge. */
const ALWAYS: readonly ErrorCode[] = [
  'method_not_allowed',
  'request_timeout',
  'too_many_requests',
  'headers_too_large',
  'internal_error',
  'bad_gateway',
  'shutting_down',
  'overloaded',
  'gateway_timeout',
];

/** The codes that a route may answer, in the order of the table. */
export function errorsOf({ isPublic, body, checked, address, more }: Circumstances): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([...ALWAYS, ...more]);
  const add = (...some: ErrorCode[]): void => some.forEach((code) => codes.add(code));
  if (!isPublic)
    add('unauthenticated', 'token_revoked', 'forbidden', 'too_many_failures', 'authentication_unavailable');
  if (checked) add('invalid_request');
  if (body) add('malformed_json', 'payload_too_large', 'unsupported_media_type');
  if (address) add('uri_too_long', 'invalid_request');
  return (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => codes.has(code));
}

const HEADERS: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After', 'RateLimit-Policy', 'RateLimit'],
  503: ['Retry-After'],
};

/** One answer a status, which names its codes. */
export function problemAnswers(codes: readonly ErrorCode[]): Readonly<Record<string, SchemaData>> {
  const answers: Record<string, SchemaData> = {};
  for (const status of new Set(codes.map((code) => ERROR_CODES[code].status))) {
    const here = codes.filter((code) => ERROR_CODES[code].status === status);
    const headers: readonly ResponseHeader[] = [...(HEADERS[status] ?? []), 'X-Request-Id'];
    answers[status] = {
      description: here.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}.`).join(' '),
      headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
      content: {
        [PROBLEM_MEDIA_TYPE]: {
          schema: { allOf: [refTo('Problem'), { properties: { code: { enum: here } } }] },
        },
      },
    };
  }
  return answers;
}
