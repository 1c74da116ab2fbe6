import { ANSWER_SCHEMAS, type SchemaData } from '@spillway/contracts/schemas';
import type { DescribedRoutes } from './describe-routes.js';
import { RESPONSE_HEADERS } from './headers.js';

const DESCRIPTION = `Posts are accepted at the speed of a message broker and committed in batches, each exactly once.
A 202 means that a quorum of the broker has the post on disk; its job says what became of it. A 503 never took
effect; after a 504 or 502 that is unknown: repeat with PUT and the same id, or with the same Idempotency-Key.
Lengths of texts are Unicode code points; a text holds neither U+0000 nor half of a surrogate pair.`;

/** An OpenAPI 3.1 document of what one service answers. */
export const openApiDocument = ({ paths, schemas }: DescribedRoutes): SchemaData => ({
  openapi: '3.1.1',
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  info: {
    title: 'Spillway',
    version: '0.1.0',
    description: DESCRIPTION,
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/', description: 'The edge that served this document.' }],
  tags: [
    { name: 'posts', description: 'Writing and reading posts.' },
    { name: 'jobs', description: 'What became of accepted commands.' },
    { name: 'operations', description: 'For operators.' },
    { name: 'health', description: 'Whether the service can do its job.' },
    { name: 'documents', description: 'This description.' },
  ],
  security: [{ bearer: [] }, { cookie: [] }],
  paths,
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'Claims: iss, aud, sub, tenant, roles, exp, jti.',
      },
      cookie: {
        type: 'apiKey',
        in: 'cookie',
        name: 'access_token',
        description: 'The same token; a request that changes something then needs a same-origin Origin.',
      },
    },
    headers: RESPONSE_HEADERS,
    schemas: { ...ANSWER_SCHEMAS, ...schemas },
  },
});
