import { describeController } from '@spillway/http/openapi';
import { DocumentsController } from './documents.controller.js';

export const documentRoutes = [
  describeController(DocumentsController, {
    document: {
      summary: 'This document',
      tag: 'documents',
      headers: ['If-None-Match'],
      answers: {
        200: { description: 'OpenAPI 3.1.', schema: { type: 'object' }, headers: ['ETag', 'Cache-Control'] },
        304: { description: 'It is still what the client has.', headers: ['ETag', 'Cache-Control'] },
      },
    },
    page: {
      summary: 'This document for people',
      tag: 'documents',
      headers: ['If-None-Match'],
      answers: {
        200: {
          description: 'A page that needs nothing else.',
          schema: { type: 'string' },
          mediaType: 'text/html',
          headers: ['ETag', 'Cache-Control'],
        },
        304: { description: 'It is still what the client has.', headers: ['ETag', 'Cache-Control'] },
      },
    },
  }),
];
