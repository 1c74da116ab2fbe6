import { type ErrorCode, problem, PROBLEM_MEDIA_TYPE } from '@spillway/contracts';

/** The status nginx makes by itself → our code, and what to tell the client. 494 is nginx's own for 431. */
export const EDGE_PROBLEMS: ReadonlyMap<
  number,
  { code: ErrorCode; detail: string; retryAfterSeconds?: number }
> = new Map([
  [400, { code: 'invalid_request', detail: 'The request could not be read as HTTP.' }],
  [404, { code: 'not_found', detail: 'There is nothing at this address.' }],
  [405, { code: 'method_not_allowed', detail: 'This method is not served here.' }],
  [408, { code: 'request_timeout', detail: 'The request did not arrive completely in time.' }],
  [413, { code: 'payload_too_large', detail: 'A body may have at most 64 KiB, that of a batch 1 MiB.' }],
  [414, { code: 'uri_too_long', detail: 'The address of the request is too long.' }],
  [
    429,
    {
      code: 'too_many_requests',
      detail: 'This address sends too many requests without a token, or too many at once. Nothing was done.',
      retryAfterSeconds: 1,
    },
  ],
  [494, { code: 'headers_too_large', detail: 'The headers of the request are too large.' }],
  [500, { code: 'internal_error', detail: 'The edge could not handle the request.' }],
  [
    502,
    {
      code: 'bad_gateway',
      detail: 'A write may have taken effect: repeat it with the same id or key.',
      retryAfterSeconds: 1,
    },
  ],
  [503, { code: 'shutting_down', detail: 'The edge takes no requests now.', retryAfterSeconds: 1 }],
  [
    504,
    {
      code: 'gateway_timeout',
      detail: 'A write may have taken effect: repeat it with the same id or key.',
      retryAfterSeconds: 1,
    },
  ],
]);

/** The nginx configuration that answers the edge's own errors in the API's shape. */
export function edgeProblemsConfig(): string {
  return [...EDGE_PROBLEMS]
    .map(([nginxStatus, { code, detail, retryAfterSeconds }]) => {
      const body = problem(code, detail, '$request_id');
      const headers = [
        // A location that adds a header inherits none.
        '  add_header X-Request-Id $request_id always;',
        '  add_header Cache-Control no-store always;',
        '  add_header Vary "Authorization, Cookie" always;',
        ...(retryAfterSeconds ? [`  add_header Retry-After ${retryAfterSeconds} always;`] : []),
      ];
      return [
        // A path, not a named location: a request whose line was too long has no address to keep.
        `error_page ${nginxStatus} =${body.status} /_edge/${code};`,
        `location = /_edge/${code} {`,
        `  internal;`,
        // The request's length is checked again here, and a batch would be answered a bare 413 instead.
        `  client_max_body_size 0;`,
        `  default_type ${PROBLEM_MEDIA_TYPE};`,
        ...headers,
        `  return ${body.status} '${JSON.stringify(body)}';`,
        '}',
        '',
      ].join('\n');
    })
    .join('\n');
}
